// A button with further actions behind it. Arrow keys move, Escape closes and gives the focus back.

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

export interface MenuItem {
  label: string;
  icon: IconName;
  danger?: boolean;
  href?: string;
  onClick?: () => void;
}

export function Menu({ label, items }: { label: string; items: (MenuItem | null)[] }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const shown = items.filter((item) => item !== null);

  useEffect(() => {
    if (!open) return;
    const list = box.current?.querySelector(".menu");
    const below = list?.getBoundingClientRect().bottom ?? 0;
    const above = box.current?.getBoundingClientRect().top ?? 0;
    if (below > window.innerHeight && above > (list?.clientHeight ?? 0)) list?.classList.add("up");
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const move = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    const targets: Record<string, number> = {
      ArrowDown: (here + 1) % all.length,
      ArrowUp: (here - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    if (event.key === "Escape") close();
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    all[target]?.focus();
  };

  if (!shown.length) return null;
  return (
    <div class="menu-box" ref={box} onKeyDown={move}>
      <button
        type="button"
        class="button quiet icon"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div class="menu" role="menu" aria-label={label}>
          {shown.map((item) => {
            const inside = (
              <>
                <Icon name={item.icon} />
                {item.label}
              </>
            );
            return item.href ? (
              <a key={item.label} role="menuitem" href={item.href} onClick={() => setOpen(false)}>
                {inside}
              </a>
            ) : (
              <button
                key={item.label}
                type="button"
                role="menuitem"
                class={item.danger ? "danger" : ""}
                onClick={() => {
                  close();
                  item.onClick?.();
                }}
              >
                {inside}
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
}
