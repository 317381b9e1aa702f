// Parts of a page, one of which is shown.

export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  tabs: [T, string][];
  onChoose: (tab: T) => void;
}) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const here = props.tabs.findIndex(([value]) => value === props.value);
    const next = props.tabs[(here + step + props.tabs.length) % props.tabs.length];
    if (next) props.onChoose(next[0]);
    const list = event.currentTarget as HTMLElement;
    requestAnimationFrame(() => list.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label} onKeyDown={move}>
      {props.tabs.map(([value, label]) => (
        <button
          key={value}
          type="button"
          class="tab"
          role="tab"
          aria-selected={value === props.value}
          tabIndex={value === props.value ? 0 : -1}
          onClick={() => props.onChoose(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
