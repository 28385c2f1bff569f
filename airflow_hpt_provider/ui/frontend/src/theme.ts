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

/** Set the theme's colours; inside Airflow's UI the background is the one that Airflow has there. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  root.dataset["theme"] = theme;
  const around = theme === airflowsTheme() ? airflowsBackground() : "";
  if (around) root.style.setProperty("--surface", around);
  else root.style.removeProperty("--surface");
}

function airflow(): HTMLElement | null {
  try {
    return window.parent === window ? null : window.parent.document.documentElement;
  } catch {
    return null; // in a frame of another site
  }
}

function airflowsTheme(): string | undefined {
  return airflow()?.classList.contains("dark") ? "dark" : "light";
}

function airflowsBackground(): string {
  const body = airflow()?.querySelector("body");
  const colour = body ? getComputedStyle(body).backgroundColor : "";
  return colour === "transparent" || /^rgba\(.*, 0\)$/.test(colour) ? "" : colour;
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
    applyTheme(theme);
    const later = window.setTimeout(() => applyTheme(theme), 400); // when Airflow's own change has come to rest
    return () => window.clearTimeout(later);
  }, [theme]);
  return theme;
}
