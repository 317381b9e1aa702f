// Which rows of a long list are on the screen. Pure arithmetic of ui/virtual_list.tsx.

export interface Window {
  first: number;
  /** One behind the last. */
  end: number;
  above: number;
  below: number;
}

export function visibleWindow(
  count: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
  extra = 8,
): Window {
  const first = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight) - extra), count);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + extra);
  return { first, end, above: first * rowHeight, below: (count - end) * rowHeight };
}
