// The few drawings that the page needs, as outlines of 16 by 16.

const paths = {
  alert: "M8 2 15 14H1L8 2ZM8 6.5v3.2M8 11.8v.2",
  bell: "M4 11V7a4 4 0 0 1 8 0v4l1.3 1.5H2.7L4 11ZM6.8 14.3h2.4",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  check: "m3 8.5 3.3 3.3L13 5",
  chevron: "m6 3.5 4.5 4.5L6 12.5",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cross: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6 6l4 4M10 6l-4 4",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  edit: "m3 13 .6-2.8L10.8 3 13 5.2 5.8 12.4 3 13ZM9.6 4.2l2.2 2.2",
  file: "M4 1.8h5.2L12.5 5v9.2H4zM9 2v3.2h3.4",
  filter: "M2 3h12L9.5 8.5V13l-3-1.5v-3L2 3Z",
  folder: "M1.8 13V3.5h4.4L7.8 5.5h6.4V13z",
  gauge: "M2.6 12.5a6.3 6.3 0 1 1 10.8 0M8 9.5 10.8 6",
  heart: "M8 13.5S2 10 2 6.2A3 3 0 0 1 8 4.6a3 3 0 0 1 6 1.6C14 10 8 13.5 8 13.5Z",
  history: "M2.3 8a5.7 5.7 0 1 0 1.8-4.1L2 6M2 2.5V6h3.5M8 5v3.2l2 1.3",
  home: "M2 7.5 8 2.3l6 5.2M3.5 6.5v7h3.2V10h2.6v3.5h3.2v-7",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3v3.4M8 5.2v.1",
  jobs: "M2 4h12M2 8h12M2 12h7",
  key: "M9.5 9.2a3.6 3.6 0 1 0-2.7-2.7L2 11.3V14h2.7l.3-2h2l.3-2 2.2-.8ZM10.6 5.4v.1",
  link: "M6.7 9.3a2.6 2.6 0 0 0 3.8 0l2.2-2.2a2.7 2.7 0 0 0-3.8-3.8l-.9.9M9.3 6.7a2.6 2.6 0 0 0-3.8 0L3.3 8.9a2.7 2.7 0 0 0 3.8 3.8l.9-.9",
  lock: "M3.5 7h9v6.8h-9zM5.3 7V5a2.7 2.7 0 0 1 5.4 0v2",
  menu: "M2 4h12M2 8h12M2 12h12",
  more: "M3 8h.1M8 8h.1M13 8h.1",
  pause: "M5.3 3v10M10.7 3v10",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c.3-2.5 2-4 4.5-4s4.2 1.5 4.5 4M10.8 3.3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.5.5 2.4 1.8 2.6 3.7",
  pin: "M8 9.5V14M5 2h6l-.8 4.2 1.8 3.3H4l1.8-3.3L5 2Z",
  play: "M4.5 2.8v10.4L13 8z",
  plus: "M8 3v10M3 8h10",
  reload: "M13.5 8a5.5 5.5 0 1 1-1.6-3.9L13.5 6M13.5 2.5V6H10",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  settings:
    "M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4",
  shield: "M8 1.8 13.2 4v4c0 3-2 5-5.2 6.3C4.8 13 2.8 11 2.8 8V4L8 1.8Z",
  stop: "M3.5 3.5h9v9h-9z",
  trash: "M2.5 4.2h11M6 4V2.5h4V4M4 4.4l.6 9.2h6.8l.6-9.2M6.7 7v4M9.3 7v4",
  upload: "M8 10.5V2.5M4.8 5.6 8 2.4l3.2 3.2M2.5 13.5h11",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c.4-3 2.5-4.6 5.5-4.6s5.1 1.6 5.5 4.6",
  worker: "M2 2.5h12v4.6H2zM2 8.9h12v4.6H2zM4.5 4.8h.1M4.5 11.2h.1",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
