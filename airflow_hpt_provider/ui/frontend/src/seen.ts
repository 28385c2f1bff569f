/** What is asked for only when a person scrolls to it. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** A place in the page, and whether it has been in sight. */
export function useSeen<T extends Element>(): [RefObject<T | null>, boolean] {
  const place = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true));
    observer.observe(place.current as T);
    return () => observer.disconnect();
  }, []);
  return [place, seen];
}
