// The web page with a long history and many runs that move, in Chromium: prints one line of JSON. The
// runs are real ones of the scheduler; a scripted rclone moves them in step, so that what is measured is
// the page. The argument is JSON: {"ended", "moving", "throttle"}.
import path from "node:path";
import { enter, World } from "../browser/world.mjs";

const { ended, moving, throttle } = JSON.parse(process.argv[2]);
const measuredMs = 4000;
const atOnce = 8;

const world = await World.start({ slots: moving, worker_config: `rclone = "${path.join(process.env.DRAY_BIN_DIR, "fake-rclone")}"` });
try {
  const page = await (await world.context()).newPage();
  await enter(world, page);
  const call = await caller();
  await fill(call);
  const figures = { first_paint_ms: await firstPaint(page) };
  Object.assign(figures, await listMoving(page), await scrollHistory(page));
  console.log(JSON.stringify(figures));
} finally {
  await world.close();
}

async function caller() {
  const token = (await world.dray("token", "create", "bench", "--scope", "admin")).trim();
  return async (address, body) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answer = await fetch(`${world.url}/api/v1${address}`, { method: "POST", headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${address}: ${answer.status} ${await answer.text()}`);
  };
}

async function startMany(call, job, count) {
  const starters = Array.from({ length: atOnce }, async (_, first) => {
    for (let i = first; i < count; i += atOnce) await call(`/jobs/${job}/runs`, {});
  });
  await Promise.all(starters);
}

/** Runs that ended without a worker, and runs that go on as long as `tick` moves them. */
async function fill(call) {
  await world.ask("remote", { name: "script", settings: { type: "local" } });
  const ticks = Array.from({ length: 60 }, (_, i) => `stats ${i * 1000} 60000\nawait ${world.files}/tick${i}`);
  await world.ask("write_file", { path: "move", text: `${ticks.join("\n")}\nfinal 1\n` });
  await world.ask("write_file", { path: "quick", text: "final 1\n" });
  const flags = ["--overlap", "allow", "--max-concurrent", "100", "--layout", "mirror", "--guard", "off", "--validation", "none"];
  const halves = [1, 2].map((half) => `move${half}`);
  for (const job of ["old", ...halves])
    await world.dray("job", "add", job, "--from", `script:${world.files}/${job === "old" ? "quick" : "move"}`, "--to", `script:${world.files}/to-${job}`, ...flags);
  await call("/queue/pause", { reason: "filling" });
  await startMany(call, "old", ended);
  await call("/runs/cancel", { job: "old", reason: "for the list" });
  await call("/queue/resume");
  await Promise.all(halves.map((job) => startMany(call, job, moving / 2)));
}

async function firstPaint(page) {
  const slow = await (await world.context({ storageState: await page.context().storageState() })).newPage();
  const session = await slow.context().newCDPSession(slow);
  await session.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  await slow.goto(world.url);
  await slow.getByRole("heading", { name: "Overview" }).waitFor();
  // The browser notes a paint some time after it.
  const painted = await slow.evaluate(
    () =>
      new Promise((resolve) => {
        const told = (entries) => {
          const first = entries.find((entry) => entry.name === "first-contentful-paint");
          if (first) resolve(first.startTime);
        };
        new PerformanceObserver((list) => told(list.getEntries())).observe({ type: "paint", buffered: true });
      }),
  );
  await slow.context().close();
  return painted;
}

/** How long frames took while `act` went on. */
async function frames(page, act) {
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
    measuredMs,
  );
  await act();
  const gaps = await measured;
  return { median: gaps[gaps.length >> 1], p95: gaps[Math.floor(gaps.length * 0.95)] };
}

async function listMoving(page) {
  await page.goto(`${world.url}/#/runs?state=open`);
  await page.getByText(`${moving} runs shown`).waitFor();
  let tick = 0;
  const { median, p95 } = await frames(page, async () => {
    const until = Date.now() + measuredMs;
    while (Date.now() < until) {
      await world.ask("write_file", { path: `tick${tick}`, text: "" });
      tick += 1;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  return { rows_of_moving: await page.getByRole("listitem").count(), moving_frame_ms: median, moving_frame_ms_p95: p95 };
}

async function scrollHistory(page) {
  await page.goto(`${world.url}/#/runs`);
  await page.getByText(/runs shown/).waitFor();
  const scroll = () =>
    page.evaluate(async () => {
      for (let i = 0; i < 100; i += 1) {
        window.scrollBy(0, 300);
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      }
    });
  const { median, p95 } = await frames(page, scroll);
  const last = page.getByRole("list", { name: "Runs" }).getByText("1", { exact: true });
  while (!(await last.count())) await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  return { rows_of_history: await page.getByRole("listitem").count(), scroll_frame_ms: median, scroll_frame_ms_p95: p95 };
}
