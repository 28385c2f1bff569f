/** Light or dark, as Airflow is: it keeps its choice in this origin's localStorage; else as the browser is. */

import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const dark = (): MediaQueryList => window.matchMedia("(prefers-color-scheme: dark)");

export function currentTheme(): Theme {
  let chosen: string | null = null;
  try {
    chosen = window.localStorage.getItem("theme");
  } catch {
    // storage may be forbidden in a frame
  }
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark().matches ? "dark" : "light";
}

/** The theme, and again whenever Airflow or the browser changes it. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const look = (): void => setTheme(currentTheme());
    const media = dark();
    window.addEventListener("storage", look);
    media.addEventListener("change", look);
    return () => {
      window.removeEventListener("storage", look);
      media.removeEventListener("change", look);
    };
  }, []);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return theme;
}
