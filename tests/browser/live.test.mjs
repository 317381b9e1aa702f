// A run that goes on is seen by three pages at once, through restarts and cut connections.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { enter, logIn, World } from "./world.mjs";

let world;
let pages;

before(async () => {
  world = await World.start({ slots: 2 });
  const first = await (await world.context()).newPage();
  await enter(world, first);
  pages = [first];
  for (let i = 0; i < 2; i += 1) {
    const page = await (await world.context()).newPage();
    await logIn(page, world.proxy.url);
    pages.push(page);
  }
  await world.ask("remote", { name: "disk", settings: { type: "local" } });
  await world.ask("make_files", { folder: "big", count: 60, size: 200_000 });
  await world.dray("job", "add", "slow", "--from", `disk:${world.files}/big`, "--to", `disk:${world.files}/copy`, "--bandwidth", "100K");
});
after(() => world?.close());

const startSlow = async () => (await world.drayJson("run", "slow")).run;
const percent = async (page) =>
  Number(await page.getByTestId("progress").getByRole("progressbar").first().getAttribute("aria-valuenow"));
const open = (run) => Promise.all(pages.map((page) => page.goto(`${page.url().split("#")[0]}#/runs/${run}`)));

/** What the corner says of the way in which updates come. */
const connection = (page, text) => page.getByRole("navigation", { name: "Pages" }).getByText(text, { exact: true });

/** Until the bar of the page has moved on. */
async function moves(page) {
  await page.getByTestId("progress").waitFor();
  const before = await percent(page);
  await page.waitForFunction(
    (from) => Number(document.querySelector("[data-testid=progress] [role=progressbar]")?.getAttribute("aria-valuenow")) > from,
    before,
  );
}

describe("a run", () => {
  let run;
  before(async () => {
    run = await startSlow();
    await open(run);
  });

  test("moves in three pages in step, each on its WebSocket", async () => {
    await Promise.all(pages.map(moves));
    for (const page of pages) assert.equal(await connection(page, "Live").count(), 1);
    const shown = await Promise.all(pages.map(percent));
    assert.ok(Math.max(...shown) - Math.min(...shown) <= 3, `the pages show ${shown}`);
  });

  test("shows its speed, files on their way and counts", async () => {
    await pages[0].getByRole("img", { name: /^Speed, now/ }).waitFor();
    await pages[0].getByText("On their way").waitFor();
    await pages[0].getByText(/MiB of|KiB of/).first().waitFor();
  });

  test("shows its log while it goes on", async () => {
    await pages[2].getByRole("tab", { name: "Log" }).click();
    await pages[2].getByRole("region", { name: "Lines of the log" }).waitFor();
    await pages[2].getByRole("button", { name: "Raw" }).click();
    await pages[2].getByText(/"level":/).first().waitFor();
    await pages[2].getByRole("tab", { name: "Overview" }).click();
  });

  for (const name of ["drayd", "broker", "notifier"])
    test(`stays on the page when ${name} is killed and comes back`, async () => {
      await world.ask("kill", { name });
      await world.ask("start", { name });
      await Promise.all(pages.map((page) => connection(page, "Live").waitFor()));
      await Promise.all(pages.map(moves));
      assert.equal(await pages[0].getByText(/Running/).count() > 0, true);
    });

  test("is cancelled with a reason that all pages show", async () => {
    await pages[0].getByRole("button", { name: "Cancel", exact: true }).click();
    await pages[0].getByLabel("Reason (optional)").fill("wrong source");
    await pages[0].getByRole("button", { name: "Cancel the run" }).click();
    for (const page of pages) {
      await page.getByText("wrong source").first().waitFor();
      await page.getByRole("heading", { level: 1 }).getByText("Cancelled").waitFor();
    }
  });
});

describe("when WebSockets do not get through", () => {
  let page;
  let run;
  before(async () => {
    page = pages[1];
    run = await startSlow();
    await page.goto(`${world.proxy.url}/#/runs/${run}`);
    await moves(page);
  });
  after(() => world.dray("cancel", String(run), "--wait"));

  test("the page goes on with server-sent events and says so", async () => {
    world.proxy.refuse("websocket");
    await connection(page, "Live (fallback)").waitFor();
    await moves(page);
  });

  test("then with polling, and says so", async () => {
    world.proxy.refuse("sse");
    await connection(page, "Polling").waitFor();
    await page.getByText("No live connection gets through here").waitFor();
    await moves(page);
  });

  test("and comes back to the WebSocket by itself", async () => {
    world.proxy.admit();
    await connection(page, "Live").waitFor();
    await moves(page);
  });
});

describe("a run can be", () => {
  test("paused, resumed and tried again", async () => {
    const page = pages[0];
    const run = await startSlow();
    await page.goto(`${world.url}/#/runs/${run}`);
    await moves(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await page.getByRole("heading", { level: 1 }).getByText("Paused").waitFor();
    await page.getByText("Why it is paused").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("heading", { level: 1 }).getByText("Running").waitFor();
    await world.dray("cancel", String(run), "--wait");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForURL((url) => url.hash.startsWith("#/runs/") && !url.hash.endsWith(`/${run}`));
    await page.getByText(`run ${run}`).last().waitFor();
    await world.dray("cancel", "--all", "--yes").catch(() => world.dray("cancel", "--job", "slow"));
  });

  test("told about in a corner when it ends, wherever one is", async () => {
    await world.ask("make_files", { folder: "small", count: 2, size: 100 });
    await world.dray("job", "add", "quick", "--from", `disk:${world.files}/small`, "--to", `disk:${world.files}/small-copy`);
    await pages[0].goto(`${world.url}/#/settings`);
    const run = (await world.drayJson("run", "quick")).run;
    await pages[0].getByText(`Succeeded: quick, run ${run}`).waitFor();
  });
});

test("no script was refused and none failed", () => {
  for (const page of pages) assert.deepEqual(page.context().errors, []);
});
