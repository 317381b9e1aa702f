// People and tokens: who may do what.

import { useState } from "preact/hooks";
import { ask, asProblem, at, get, post, type Problem } from "../../api/client";
import type { Scope, User, UserList } from "../../api/contract";
import { nameProblem } from "../../core/job_form";
import { identity } from "../../state/session";
import { useQuery } from "../../state/query";
import { toast } from "../../state/toasts";
import { Ago, Badge, Button, Card, Loading, Name, Page, ProblemNotice } from "../../ui/basics";
import { ClientSelect } from "../../ui/client_select";
import { Table } from "../../ui/table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Check, Select, TextField } from "../../ui/form";
import { scopes } from "./scopes";
import { TokenCard } from "./tokens";

export function Access() {
  return (
    <Page title="People and tokens" sub="People log in here; programs use tokens.">
      <UserCard />
      <TokenCard client="" />
    </Page>
  );
}

function UserCard() {
  const users = useQuery("users", (signal) => get<UserList>("/users", {}, signal));
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const [removing, setRemoving] = useState<User | null>(null);
  return (
    <Card
      title="People"
      flush
      actions={
        <Button small icon="plus" onClick={() => setEditing("new")}>
          Add a person
        </Button>
      }
    >
      <ProblemNotice
        problem={users.problem}
        what="The people could not be loaded"
        retry={users.reload}
      />
      {!users.data && !users.problem && <Loading />}
      {users.data && (
        <Table head={["Name", "May", "Sees", "Last login"]} actions>
          {users.data.users.map((user) => (
            <tr key={user.name}>
              <td>
                <span class="strong">
                  <Name>{user.name}</Name>
                </span>{" "}
                {!user.enabled && <Badge tone="dim">Disabled</Badge>}
                {user.name === identity.value?.name && <Badge tone="good">You</Badge>}
              </td>
              <td>{user.scope}</td>
              <td class="wide">
                <Name>{user.client || "all clients"}</Name>
              </td>
              <td class="wide">
                <Ago at={user.last_login_at} />
                {user.last_address && <span class="muted small"> from {user.last_address}</span>}
              </td>
              <td class="actions">
                <Button
                  small
                  kind="quiet"
                  icon="edit"
                  label={`Change ${user.name}`}
                  onClick={() => setEditing(user)}
                />
                {user.name !== identity.value?.name && (
                  <Button
                    small
                    kind="quiet"
                    icon="trash"
                    label={`Remove ${user.name}`}
                    onClick={() => setRemoving(user)}
                  />
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {editing && (
        <UserDialog
          user={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onSaved={users.reload}
        />
      )}
      {removing && (
        <Confirm
          title="Remove person"
          action="Remove"
          danger
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            await ask("DELETE", at("users", removing.name));
            toast("good", `${removing.name} cannot log in any more`);
            users.reload();
          }}
        >
          <Name>{removing.name}</Name> is logged out at once and cannot log in any more.
        </Confirm>
      )}
    </Card>
  );
}

function UserDialog({
  user,
  onClose,
  onSaved,
}: {
  user: User | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const [name, setName] = useState(user?.name ?? "");
  const [scope, setScope] = useState<Scope>(user?.scope ?? "operate");
  const [client, setClient] = useState(user?.client ?? "");
  const [enabled, setEnabled] = useState(user?.enabled ?? true);
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const badName = nameProblem(name);
  const short = (!user || password) && password.length < 10 ? "At least 10 characters" : "";
  const save = async () => {
    setTried(true);
    if (badName || short) return;
    setProblem(null);
    try {
      const rest = { scope, client, ...(password ? { password } : {}) };
      if (user) await ask("PATCH", at("users", user.name), { body: { ...rest, enabled } });
      else await post("/users", { name, ...rest });
      toast("good", user ? `${name} was changed` : `${name} can log in`);
      onSaved();
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <Dialog
      title={user ? `Change ${user.name}` : "Add a person"}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={name}
        disabled={user !== null}
        problem={tried ? badName : ""}
        onInput={setName}
      />
      <Select label="May" value={scope} options={scopes} onInput={setScope} />
      <ClientSelect all label="Sees" value={client} onInput={setClient} />
      <TextField
        label={user ? "New password" : "Password"}
        type="password"
        autocomplete="new-password"
        placeholder={user ? "Unchanged" : ""}
        problem={tried ? short : ""}
        value={password}
        onInput={setPassword}
      />
      {user && <Check label="May log in" value={enabled} onInput={setEnabled} />}
      {user && <p class="muted small">A change ends their sessions.</p>}
      <ProblemNotice problem={problem} what="That was not saved" />
    </Dialog>
  );
}
