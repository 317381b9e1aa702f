// When something falls due: in the viewer's zone, and in that of its schedule.

import type { OccurrenceView } from "../api/contract";
import { localText, parseTime, timeText, viewerZone } from "../core/format";
import { shownZone } from "../state/session";
import { Ago, Empty, Time } from "./basics";

function note(occurrence: OccurrenceView): string {
  if (occurrence.shifted_by_gap) return "The clocks go forward: later than usual";
  if (occurrence.repeated_hour) return "The clocks go back: this hour comes twice, it runs once";
  return occurrence.dst_day ? "The clocks change on this day" : "";
}

export function Occurrences({
  occurrences,
  zone,
}: {
  occurrences: OccurrenceView[];
  zone: string;
}) {
  if (!occurrences.length) return <Empty title="It never falls due">Look at the schedule.</Empty>;
  const own = shownZone.value || viewerZone();
  // Two zones may keep the same time.
  const same = occurrences.every(
    (one) => timeText(parseTime(one.at), own) === one.local.slice(0, 16).replace("T", " "),
  );
  return (
    <div class="stack tight">
      <ol class="plain stack tight">
        {occurrences.map((occurrence) => (
          <li key={occurrence.at}>
            <div class="row spread">
              <span class="nowrap">
                {localText(occurrence.local)} {occurrence.abbreviation}
              </span>
              <span class="muted small nowrap">
                <Ago at={occurrence.at} />
              </span>
            </div>
            {!same && (
              <div class="muted small">
                <Time at={occurrence.at} /> for you
              </div>
            )}
            {note(occurrence) && <div class="small soft">{note(occurrence)}</div>}
          </li>
        ))}
      </ol>
      <p class="muted small">
        {same ? `Times of ${zone}` : `Times of ${zone}, below them those of ${own}`}
      </p>
    </div>
  );
}
