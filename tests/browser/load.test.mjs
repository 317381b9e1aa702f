// Five thousand runs in a list and two hundred that move: the page stays quick. The runs are real ones of
// the scheduler; a scripted rclone makes the two hundred move in step, so that what is measured is the page.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { enter, World } from "./world.mjs";

const ended = 5000;
const moving = 200;

let world;
let page;
let token;

const call = async (method, address, body) => {
  const answer = await fetch(`${world.url}/api/v1${address}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
};

async function startMany(job, count) {
  const starters = Array.from({ length: 8 }, async (_, worker) => {
    for (let i = worker; i < count; i += 8) await call("POST", `/jobs/${job}/runs`, {});
  });
  await Promise.all(starters);
}

before(async () => {
  const fake = path.join(process.env.DRAY_BIN_DIR, "fake-rclone");
  world = await World.start({ slots: moving, worker_config: `rclone = "${fake}"`, notifier_config: process.env.DRAY_NO_RATE_LIMIT ?? "" });
  page = await (await world.context()).newPage();
  await enter(world, page);
  token = await page.evaluate(async () => {
    const me = await (await fetch("api/v1/me")).json();
    const answer = await fetch("api/v1/tokens", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Dray-Csrf": me.csrf },
      body: JSON.stringify({ name: "load", scope: "admin" }),
    });
    return (await answer.json()).secret;
  });
  await world.ask("remote", { name: "script", settings: { type: "local" } });
  const ticks = Array.from({ length: 60 }, (_, i) => `stats ${i * 1000} 60000\nawait ${world.files}/tick${i}`);
  await world.ask("write_file", { path: "move", text: `${ticks.join("\n")}\nfinal 1\n` });
  await world.ask("write_file", { path: "quick", text: "final 1\n" });
  const many = ["--overlap", "allow", "--max-concurrent", "100", "--layout", "mirror", "--guard", "off", "--validation", "none"];
  await world.dray("job", "add", "old", "--from", `script:${world.files}/quick`, "--to", `script:${world.files}/old`, ...many);
  for (const half of [1, 2])
    await world.dray("job", "add", `move${half}`, "--from", `script:${world.files}/move`, "--to", `script:${world.files}/m${half}`, ...many);
  await call("POST", "/queue/pause", { reason: "filling" });
  await startMany("old", ended);
  await call("POST", "/runs/cancel", { job: "old", reason: "for the list" });
  await call("POST", "/queue/resume");
  await Promise.all([startMany("move1", moving / 2), startMany("move2", moving / 2)]);
});
after(() => world?.close());

/** How long frames took while `act` went on, in milliseconds. */
async function frames(act) {
  const measured = page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const gaps = [];
        let last = performance.now();
        const end = last + ms;
        const frame = (now) => {
          gaps.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(frame);
          else resolve(gaps.sort((a, b) => a - b));
        };
        requestAnimationFrame(frame);
      }),
    4000,
  );
  await act();
  const gaps = await measured;
  return { median: gaps[gaps.length >> 1], p95: gaps[Math.floor(gaps.length * 0.95)] };
}

test("the first view is there within a second on a processor four times slower", async () => {
  const slow = await (await world.context({ storageState: await page.context().storageState() })).newPage();
  const session = await slow.context().newCDPSession(slow);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await slow.goto(world.url);
  await slow.getByRole("heading", { name: "Overview" }).waitFor();
  const painted = await slow.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  assert.ok(painted < 1000 * Number(process.env.DRAY_TEST_SLOWNESS ?? 1), `first contentful paint after ${painted} ms`);
  await slow.context().close();
});

describe("with 200 runs that move", () => {
  let tick = 0;
  const drive = async () => {
    const until = Date.now() + 4000;
    while (Date.now() < until) {
      await world.ask("write_file", { path: `tick${tick}`, text: "" });
      tick += 1;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  test("no more rows exist than can be seen", async () => {
    await page.goto(`${world.url}/#/runs?state=open`);
    await page.getByText(`${moving} runs shown`).waitFor();
    assert.ok((await page.getByRole("listitem").count()) < 60);
  });

  test("every frame is on time", async () => {
    const { median, p95 } = await frames(drive);
    assert.ok(median < 18, `half of the frames took more than ${median} ms`);
    assert.ok(p95 < 50 * Number(process.env.DRAY_TEST_SLOWNESS ?? 1), `one frame in twenty took more than ${p95} ms`);
  });
});

test("5,000 runs are scrolled through without jank", async () => {
  await page.goto(`${world.url}/#/runs`);
  await page.getByText("250 runs shown").waitFor();
  const { median } = await frames(() =>
    page.evaluate(async () => {
      for (let i = 0; i < 100; i += 1) {
        window.scrollBy(0, 300);
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      }
    }),
  );
  assert.ok(median < 34, `half of the frames took more than ${median} ms`);
  while (!(await page.getByText(/5,\d\d\d runs shown$/).count())) await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  assert.ok((await page.getByRole("listitem").count()) < 60);
});
