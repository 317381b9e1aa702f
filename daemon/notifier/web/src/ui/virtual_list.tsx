// A long list of rows of equal height inside the page's own scrolling: only rows near the screen exist.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visibleWindow } from "../core/window";

export function VirtualList<T>(props: {
  rows: T[];
  rowHeight: number;
  label: string;
  keyOf: (row: T) => string | number;
  children: (row: T) => ComponentChildren;
  /** Called when the end comes near. */
  onEnd?: () => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: window.innerHeight });

  useLayoutEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      const box = element.current?.getBoundingClientRect();
      if (box) setView({ top: Math.max(0, -box.top), height: window.innerHeight });
    };
    const later = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    window.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", later);
    return () => {
      window.removeEventListener("scroll", later);
      window.removeEventListener("resize", later);
      cancelAnimationFrame(frame);
    };
  }, []);

  const shown = visibleWindow(props.rows.length, props.rowHeight, view.top, view.height);
  const nearEnd = shown.end >= props.rows.length - 4;
  useEffect(() => {
    if (nearEnd) props.onEnd?.();
  }, [nearEnd, props.rows.length]);

  return (
    <div class="virtual" ref={element} role="list" aria-label={props.label}>
      <div style={{ height: `${shown.above}px` }} />
      {props.rows.slice(shown.first, shown.end).map((row) => (
        <div key={props.keyOf(row)} role="listitem">
          {props.children(row)}
        </div>
      ))}
      <div style={{ height: `${shown.below}px` }} />
    </div>
  );
}
