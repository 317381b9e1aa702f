// Which page is shown: the door while nobody is logged in, else what the address names.

import { useEffect, useRef } from "preact/hooks";
import { Button, Empty, Loading, Page } from "./ui/basics";
import { Login, Setup } from "./pages/door";
import { Shell } from "./ui/shell";
import { useTicker } from "./ui/ticker";
import { Toasts } from "./ui/toasts";
import { pageOf } from "./pages/table";
import { route } from "./state/route";
import { door, start } from "./state/session";
import { startLive, stopLive } from "./state/live";
import { announceOutcomes } from "./state/outcomes";

export function App() {
  return (
    <>
      <Inside />
      <Toasts />
    </>
  );
}

function Inside() {
  switch (door.value) {
    case "loading":
      return <Loading />;
    case "unreachable":
      return <Unreachable />;
    case "setup":
      return <Setup />;
    case "login":
      return route.value.parts[0] === "setup" ? <Setup /> : <Login />;
    default:
      return <Rooms />;
  }
}

function Unreachable() {
  useTicker(() => void start(), 3000);
  return (
    <div class="door">
      <div class="card">
        <Empty
          title="The server cannot be reached"
          actions={
            <Button icon="reload" onClick={() => void start()}>
              Try now
            </Button>
          }
        >
          It is tried again by itself. Nothing is lost: backups go on without this page.
        </Empty>
      </div>
    </div>
  );
}

function Rooms() {
  useEffect(() => {
    startLive();
    const stop = announceOutcomes();
    return () => {
      stop();
      stopLive();
    };
  }, []);
  const parts = route.value.parts;
  const path = parts.join("/");
  const first = useRef(true);
  useEffect(() => {
    // Screen readers hear where they are, and the next Tab begins there.
    if (!first.current) document.querySelector<HTMLElement>("main h1")?.focus();
    first.current = false;
    window.scrollTo(0, 0);
  }, [path]);
  const page = pageOf(parts);
  return (
    <Shell>
      {page ?? (
        <Page title="There is no such page">
          <Empty
            title="The address leads nowhere"
            actions={
              <a class="button" href="#/">
                To the overview
              </a>
            }
          >
            It may have been copied in part, or what it showed was removed.
          </Empty>
        </Page>
      )}
    </Shell>
  );
}
