// Caps that change with the time of the week.

import type { BandwidthTable } from "../api/contract";
import { timeZones } from "../core/schedule";
import { Button } from "./basics";
import { RateField, TextField, Weekdays } from "./form";
import { useMemo } from "preact/hooks";

export function BandwidthTableFields(props: {
  table: BandwidthTable;
  onInput: (table: BandwidthTable) => void;
  /** Of "rows[0].at". */
  problemOf: (field: string) => string;
}) {
  const { table, onInput, problemOf } = props;
  const zones = useMemo(timeZones, []);
  const change = (index: number, part: Partial<BandwidthTable["rows"][number]>) =>
    onInput({
      ...table,
      rows: table.rows.map((row, i) => (i === index ? { ...row, ...part } : row)),
    });
  return (
    <div class="stack">
      {table.rows.map((row, index) => (
        <div class="week-row" key={index}>
          <Weekdays
            label="Days"
            value={row.weekdays}
            problem={problemOf(`rows[${index}].weekdays`)}
            onInput={(weekdays) => change(index, { weekdays })}
          />
          <TextField
            label="From"
            placeholder="08:00"
            size="short"
            value={row.at}
            problem={problemOf(`rows[${index}].at`)}
            onInput={(at) => change(index, { at })}
          />
          <RateField
            label="At most (0: no cap)"
            value={row.kbps}
            problem={problemOf(`rows[${index}].kbps`)}
            onInput={(kbps) => change(index, { kbps })}
          />
          <Button
            kind="quiet"
            icon="trash"
            label={`Remove row ${index + 1}`}
            onClick={() => onInput({ ...table, rows: table.rows.filter((_, i) => i !== index) })}
          />
        </div>
      ))}
      <div class="row wrap">
        <Button
          icon="plus"
          onClick={() =>
            onInput({
              ...table,
              rows: [
                ...table.rows,
                table.rows.length
                  ? { weekdays: "daily", at: "18:00", kbps: 0 }
                  : { weekdays: "mon-fri", at: "08:00", kbps: 10_486 },
              ],
            })
          }
        >
          Add a time
        </Button>
        {table.rows.length > 0 && (
          <span class="muted small">
            Each holds until the next begins; the last one of the week also before the first.
          </span>
        )}
      </div>
      {table.rows.length > 0 && (
        <TextField
          label="Time zone of the table"
          size="middle"
          value={table.time_zone}
          suggestions={zones}
          problem={problemOf("time_zone")}
          onInput={(time_zone) => onInput({ ...table, time_zone })}
        />
      )}
    </div>
  );
}
