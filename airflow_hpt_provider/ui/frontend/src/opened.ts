/** Which training job is open: the page's own address says so, and the browser's history leads back. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { trainingJobOf, withTrainingJob } from "./address";

/** The name of the open training job, and how to open another one, or none. */
export function useOpened(): [string | null, (name: string | null) => void] {
  const [name, setName] = useState(() => trainingJobOf(window.location.search));
  const pushed = useRef(false);
  useEffect(() => {
    const look = (): void => {
      pushed.current = false;
      setName(trainingJobOf(window.location.search));
    };
    window.addEventListener("popstate", look);
    return () => window.removeEventListener("popstate", look);
  }, []);
  const open = useCallback((wanted: string | null): void => {
    const before = trainingJobOf(window.location.search);
    if (wanted === before) return;
    const address = withTrainingJob(window.location.href, wanted);
    if (wanted === null && pushed.current) {
      window.history.back(); // to where it was opened from
      return;
    }
    // From one to the next the history does not grow.
    if (before !== null) window.history.replaceState(null, "", address);
    else {
      window.history.pushState(null, "", address);
      pushed.current = true;
    }
    setName(wanted);
  }, []);
  return [name, open];
}
