// Messages that went out, wait or could not be delivered.

import { useState } from "preact/hooks";
import type { DeliveryView } from "../../api/contract";
import { listDeliveries, retryDeliveries } from "../../api/notify";
import { eventLabel } from "../../core/notify";
import { plural } from "../../core/format";
import { href } from "../../core/router";
import type { Tone } from "../../core/run_state";
import { replaceQuery, route } from "../../state/route";
import { may } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast, toastProblem } from "../../state/toasts";
import { Ago, Badge, Button, Card, Empty, Name, Page } from "../../ui/basics";
import { Loaded, Table } from "../../ui/table";
import { Select, TextField } from "../../ui/form";
import { useTicker } from "../../ui/ticker";

const looks: Record<DeliveryView["state"], { label: string; tone: Tone }> = {
  waiting: { label: "Waiting", tone: "wait" },
  sending: { label: "Sending", tone: "live" },
  delivered: { label: "Delivered", tone: "good" },
  failed: { label: "Given up", tone: "bad" },
  collected: { label: "For the digest", tone: "wait" },
  folded: { label: "In a digest", tone: "dim" },
};

const states: [string, string][] = [
  ["", "All states"],
  ...Object.entries(looks).map(([state, look]): [string, string] => [state, look.label]),
];

export function Deliveries() {
  const query = route.value.query;
  const [cursor, setCursor] = useState<string | null>(null);
  const shown = useQuery(
    `deliveries/${query.state ?? ""}/${query.channel ?? ""}/${cursor ?? ""}`,
    (signal) =>
      listDeliveries({ state: query.state, channel: query.channel, limit: 100, cursor }, signal),
  );
  useTicker(shown.reload, 10_000);
  const rows = shown.data?.deliveries ?? [];
  const failed = rows.filter((row) => row.state === "failed");
  const retry = async (ids: number[]) => {
    try {
      const answer = await retryDeliveries({ ids });
      toast("good", `${plural(answer.retried, "message")} tried again`);
      shown.reload();
    } catch (error) {
      toastProblem("Nothing was tried again", error);
    }
  };
  const set = (change: Record<string, string>) => {
    setCursor(null);
    replaceQuery({ ...query, ...change });
  };
  return (
    <Page
      title="Deliveries"
      sub="Every message, and what became of it."
      actions={
        may("operate") &&
        failed.length > 0 && (
          <Button icon="reload" onClick={() => void retry(failed.map((row) => row.id))}>
            Try {plural(failed.length, "failed message")} again
          </Button>
        )
      }
    >
      <div class="filters">
        <Select
          label="State"
          value={query.state ?? ""}
          options={states}
          onInput={(state) => set({ state })}
        />
        <TextField
          label="Channel"
          value={query.channel ?? ""}
          onInput={(channel) => set({ channel })}
        />
      </div>
      <Card
        flush
        foot={
          (cursor || shown.data?.next_cursor) && (
            <span class="row">
              {cursor && (
                <Button small onClick={() => setCursor(null)}>
                  Newest
                </Button>
              )}
              {shown.data?.next_cursor && (
                <Button small onClick={() => setCursor(shown.data?.next_cursor ?? null)}>
                  Older
                </Button>
              )}
            </span>
          )
        }
      >
        <Loaded query={shown} what="The deliveries could not be loaded">
          {() =>
            rows.length ? (
              <Table head={["Message", "State", "To", ["Attempts", "num"], "Made"]} actions>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td>
                      <div>
                        <Name>{row.subject || eventLabel(row.event)}</Name>
                      </div>
                      <div class="muted small">
                        {row.run > 0 && <a href={href(["runs", row.run])}>run {row.run}</a>}{" "}
                        {row.last_error && row.state !== "delivered" && (
                          <Name>{row.last_error}</Name>
                        )}
                      </div>
                    </td>
                    <td>
                      <Badge tone={looks[row.state]?.tone ?? "dim"}>
                        {looks[row.state]?.label ?? row.state}
                      </Badge>
                    </td>
                    <td class="wide">
                      <Name>{[row.channel, row.recipient].filter(Boolean).join(": ")}</Name>
                    </td>
                    <td class="num wide">{row.attempts}</td>
                    <td class="wide">
                      <Ago at={row.created_at} />
                      {row.state === "waiting" && row.next_at && (
                        <div class="muted small">
                          again <Ago at={row.next_at} />
                        </div>
                      )}
                    </td>
                    <td class="actions">
                      {may("operate") && row.state === "failed" && (
                        <Button small icon="reload" onClick={() => void retry([row.id])}>
                          Try again
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty title="No message">
                Messages appear when a rule of the notifications fits.
              </Empty>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}
