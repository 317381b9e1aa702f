// A long list of rows of equal height inside the page's own scrolling: only rows near the screen exist.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visibleWindow } from "../core/window";

export interface VirtualListProps<T> {
  rows: T[];
  rowHeight: number;
  label: string;
  keyOf: (row: T) => string | number;
  children: (row: T) => ComponentChildren;
  /** What rows are drawn with besides themselves: when it changes, all are drawn anew. */
  drawnWith?: unknown;
  /** Called when the end comes near. */
  onEnd?: () => void;
}

// Scrolling draws only when so many rows have come near: a frame without drawing is a smooth frame.
const step = 8;

function useVisible(count: number, rowHeight: number) {
  const element = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(window.innerHeight);
  useLayoutEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = element.current?.getBoundingClientRect().top ?? 0;
      setFirst(Math.floor(Math.max(0, -top) / rowHeight / step) * step);
      setHeight(window.innerHeight);
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
  }, [rowHeight]);
  const shown = visibleWindow(count, rowHeight, first * rowHeight, height + step * rowHeight, step);
  return { element, shown };
}

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { element, shown } = useVisible(props.rows.length, props.rowHeight);
  const nearEnd = shown.end >= props.rows.length - 4;
  useEffect(() => {
    if (nearEnd) props.onEnd?.();
  }, [nearEnd, props.rows.length]);

  // The same node again is skipped: rows that stay on the screen cost nothing.
  const drawn = useRef({ with: props.drawnWith, nodes: new Map<T, VNode>() });
  if (drawn.current.with !== props.drawnWith)
    drawn.current = { with: props.drawnWith, nodes: new Map() };
  const nodes = new Map<T, VNode>();
  for (const row of props.rows.slice(shown.first, shown.end))
    nodes.set(
      row,
      drawn.current.nodes.get(row) ?? (
        <div key={props.keyOf(row)} role="listitem">
          {props.children(row)}
        </div>
      ),
    );
  drawn.current.nodes = nodes;

  return (
    <div class="virtual" ref={element} role="list" aria-label={props.label}>
      <div style={{ height: `${shown.above}px` }} />
      {[...nodes.values()]}
      <div style={{ height: `${shown.below}px` }} />
    </div>
  );
}
