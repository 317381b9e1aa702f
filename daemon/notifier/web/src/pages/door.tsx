// Logging in, and making the first user with the one-time link that the server prints at its first start.

import { useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import { Button, Notice, ProblemNotice } from "../ui/basics";
import { TextField } from "../ui/form";
import { route, go } from "../state/route";
import { door, doorNote, login, setUp } from "../state/session";
import type { ComponentChildren } from "preact";

const shortestPassword = 10;

function DoorFrame(props: { title: string; children: ComponentChildren }) {
  return (
    <main class="door">
      <div class="card stack">
        <div class="brand">
          <img src="./favicon.svg" alt="" />
          Drayage
        </div>
        <h1>{props.title}</h1>
        {props.children}
      </div>
    </main>
  );
}

export function Login() {
  const linked = route.value.parts[0] === "login" ? (route.value.query.token ?? "") : "";
  const [way, setWay] = useState<"password" | "token">(linked ? "token" : "password");
  const [name, setName] = useState("");
  const [secret, setSecret] = useState(linked);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await login(way === "token" ? { token: secret.trim() } : { name, password: secret });
      if (route.value.parts[0] === "login") go([]);
    } catch (error) {
      setProblem(asProblem(error));
      setSecret("");
    } finally {
      setBusy(false);
    }
  };

  return (
    <DoorFrame title="Log in">
      {doorNote.value && <Notice>{doorNote.value}</Notice>}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {way === "password" && (
          <TextField
            label="Name"
            value={name}
            onInput={setName}
            autocomplete="username"
            required
            autofocus
          />
        )}
        <TextField
          label={way === "token" ? "Token" : "Password"}
          type="password"
          value={secret}
          onInput={setSecret}
          autocomplete={way === "token" ? "off" : "current-password"}
          required
        />
        <ProblemNotice problem={problem} what="Not logged in" />
        <Button type="submit" kind="primary" disabled={busy}>
          Log in
        </Button>
        <button
          type="button"
          class="link"
          onClick={() => {
            setWay(way === "token" ? "password" : "token");
            setSecret("");
          }}
        >
          {way === "token" ? "Use name and password" : "Use a token instead"}
        </button>
      </form>
    </DoorFrame>
  );
}

export function Setup() {
  const linked = route.value.query.token ?? "";
  const [token, setToken] = useState(linked);
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const short = password.length < shortestPassword ? `At least ${shortestPassword} characters` : "";
  const differs = password !== again ? "The two passwords differ" : "";

  const submit = async () => {
    setTried(true);
    if (short || differs) return;
    setBusy(true);
    setProblem(null);
    try {
      await setUp(token.trim(), name, password);
      go([]);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <DoorFrame title="Make the first user">
      <p class="soft">Nobody can log in yet. This user may do everything, and adds others later.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {!linked && (
          <TextField
            label="Setup token"
            help="From the link that `dray up` and the log of dray-notifier show while there is no user"
            type="password"
            value={token}
            onInput={setToken}
            required
          />
        )}
        <TextField
          label="Name"
          value={name}
          onInput={setName}
          autocomplete="username"
          required
          autofocus
        />
        <TextField
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          help="A sentence is better than a word."
          problem={tried ? short : ""}
          required
        />
        <TextField
          label="Password again"
          type="password"
          value={again}
          onInput={setAgain}
          autocomplete="new-password"
          problem={tried ? differs : ""}
          required
        />
        <ProblemNotice problem={problem} what="The user was not made" />
        <Button type="submit" kind="primary" disabled={busy}>
          Make the user and log in
        </Button>
        {door.value === "login" && <a href="#/">Back to the login</a>}
      </form>
    </DoorFrame>
  );
}
