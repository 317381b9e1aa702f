// Tokens of programs: made, shown once, revoked.

import { useState } from "preact/hooks";
import { ask, asProblem, at, get, post, type Problem } from "../../api/client";
import type { Scope, Token, TokenCreated, TokenList } from "../../api/contract";
import { nameProblem } from "../../core/job_form";
import { useQuery } from "../../state/query";
import { toast } from "../../state/toasts";
import { Ago, Button, Card, Empty, Name, Notice, ProblemNotice, Time } from "../../ui/basics";
import { ClientSelect } from "../../ui/client_select";
import { Loaded, Table } from "../../ui/table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Select, TextField } from "../../ui/form";
import { scopes } from "./scopes";

/** Of one client, or of all. */
export function TokenCard({ client }: { client: string }) {
  const tokens = useQuery("tokens", (signal) => get<TokenList>("/tokens", {}, signal));
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const rows = tokens.data?.tokens ?? [];
  return (
    <Card
      title="Tokens"
      flush
      actions={
        <Button small icon="plus" onClick={() => setMaking(true)}>
          Make a token
        </Button>
      }
    >
      <Loaded query={tokens} what="The tokens could not be loaded">
        {() =>
          rows.length ? (
            <Table head={["Name", "May", "Sees", "Last used", "Ends"]} actions>
              {rows.map((token) => (
                <tr key={token.id}>
                  <td>
                    <span class="strong">
                      <Name>{token.name}</Name>
                    </span>
                    <div class="muted small">
                      <code>{token.id}</code>
                    </div>
                  </td>
                  <td>{token.scope}</td>
                  <td class="wide">
                    <Name>{token.client || "all clients"}</Name>
                  </td>
                  <td class="wide">
                    <Ago at={token.last_used_at} />
                  </td>
                  <td class="wide">
                    {token.expires_at ? <Time at={token.expires_at} /> : "never"}
                  </td>
                  <td class="actions">
                    <Button small kind="danger" onClick={() => setRevoking(token)}>
                      Revoke
                    </Button>
                  </td>
                </tr>
              ))}
            </Table>
          ) : (
            <Empty title="No token yet">
              A token lets a program use the API without a password.
            </Empty>
          )
        }
      </Loaded>
      {making && (
        <TokenDialog client={client} onClose={() => setMaking(false)} onMade={tokens.reload} />
      )}
      {revoking && (
        <Confirm
          title="Revoke token"
          action="Revoke"
          danger
          onClose={() => setRevoking(null)}
          onConfirm={async () => {
            await ask("DELETE", at("tokens", revoking.id));
            toast("good", `Token ${revoking.name} is worth nothing any more`);
            tokens.reload();
          }}
        >
          Whatever uses <Name>{revoking.name}</Name> is refused from now on.
        </Confirm>
      )}
    </Card>
  );
}

const lifetimes: [string, string][] = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "a year"],
  ["", "until it is revoked"],
];

function TokenDialog(props: { client: string; onClose: () => void; onMade: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [client, setClient] = useState(props.client);
  const [days, setDays] = useState("90");
  const [made, setMade] = useState<TokenCreated | null>(null);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const badName = nameProblem(name);
  const make = async () => {
    setTried(true);
    if (badName) return;
    setProblem(null);
    try {
      const expires = days
        ? { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }
        : {};
      setMade(await post<TokenCreated>("/tokens", { name, scope, client, ...expires }));
      props.onMade();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast("good", "Copied");
    } catch {
      toast("warn", "The browser does not let this page copy; mark and copy it by hand");
    }
  };
  if (made)
    return (
      <Dialog
        title={`Token ${made.token.name}`}
        onClose={props.onClose}
        foot={<Button onClick={props.onClose}>Done</Button>}
      >
        <Notice tone="warn" title="It is shown this once">
          Whoever has it may do what it may do. Keep it like a password.
        </Notice>
        <code class="name" data-testid="secret">
          {made.secret}
        </code>
        <div>
          <Button icon="copy" onClick={() => void copy(made.secret)}>
            Copy
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog
      title="Make a token"
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button kind="primary" onClick={() => void make()}>
            Make it
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={name}
        placeholder="what uses it"
        problem={tried ? badName : ""}
        onInput={setName}
        autofocus
      />
      <Select label="May" value={scope} options={scopes} onInput={setScope} />
      {!props.client && <ClientSelect all label="Sees" value={client} onInput={setClient} />}
      <Select label="Holds" value={days} options={lifetimes} onInput={setDays} />
      <ProblemNotice problem={problem} what="The token was not made" />
    </Dialog>
  );
}
