// For pictures that no event announces: asks again while the page is looked at.

import { useEffect, useRef } from "preact/hooks";

export function useTicker(act: () => void, everyMs: number): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) latest.current();
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
}
