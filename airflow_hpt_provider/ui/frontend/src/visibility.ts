/** What is asked for only when a person scrolls to it. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

// Beyond the window's edge: a user who navigates with Tab must find the next element, before it is scrolled to.
const NEAR = { rootMargin: "300px" };

/** A place in the page, and whether it has been in sight, or nearly so. */
export function useVisible<T extends Element>(): [RefObject<T | null>, boolean] {
  const place = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), NEAR);
    observer.observe(place.current as T);
    return () => observer.disconnect();
  }, []);
  return [place, seen];
}
