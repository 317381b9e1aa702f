// Hostile names stay text, and every page can be used without eyes or a mouse.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { enter, World } from "./world.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const names = [
  "<img src=x onerror=fail(1)>.txt",
  "<script>fail(2)</script>.txt",
  "\"><svg onload=fail(3)>.txt",
  "javascript:fail(4).txt",
  "${fail(5)}{{fail(6)}}.txt",
  "photo\u202Egpj.exe",
  "zero\u200Bwidth.txt",
  "a".repeat(200) + ".txt",
];

let world;
let page;
let failed;

before(async () => {
  world = await World.start();
  page = await (await world.context()).newPage();
  await enter(world, page);
  await world.ask("remote", { name: "disk", settings: { type: "local" } });
  for (const name of names) await world.ask("write_file", { path: `bad/${name.replaceAll("/", "∕")}`, text: name });
  await world.dray("job", "add", "bad", "--from", `disk:${world.files}/bad`, "--to", `disk:${world.files}/bad-copy`, "--file-log");
  await world.dray("run", "bad", "--wait");
  await world.dray("job", "add", "broken", "--from", `disk:${world.files}/<b>not there</b>`, "--to", `disk:${world.files}/nowhere`);
  failed = (await world.drayJson("run", "broken")).run;
  await world.ask("wait", { run: failed, states: ["failed"] });
});
after(() => world?.close());

async function assertHarmless() {
  assert.equal(await page.locator("main img, main script, main svg[onload], main b").count(), 0);
  assert.deepEqual(page.context().errors, []);
}

describe("a hostile name is text", () => {
  test("in a log", async () => {
    await page.goto(`${world.url}/#/runs/1?tab=log`);
    await page.getByText("<img src=x onerror=fail(1)>.txt").first().waitFor();
    await assertHarmless();
  });

  test("in what a failed run says", async () => {
    await page.goto(`${world.url}/#/runs/${failed}`);
    await page.getByText("<b>not there</b>").first().waitFor();
    await assertHarmless();
  });

  test("in the folders of a remote, where marks that turn text around are shown", async () => {
    await page.goto(`${world.url}/#/jobs/bad/edit?step=source`);
    await page.getByRole("button", { name: "Browse" }).click();
    await page.getByText("photo‹202E›gpj.exe").waitFor();
    await assertHarmless();
    await page.keyboard.press("Escape");
  });

  test("in a search for files", async () => {
    await page.goto(`${world.url}/#/restore/bad?find=**svg**`);
    await page.getByRole("cell", { name: /<svg onload/ }).waitFor();
    await assertHarmless();
  });

  test("in the reason of a cancel, four kilobytes long", async () => {
    const answer = await page.evaluate(async () => {
      const me = await (await fetch("api/v1/me")).json();
      const response = await fetch("api/v1/runs/cancel", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Dray-Csrf": me.csrf },
        body: JSON.stringify({ all: true, reason: "<i>x</i>".repeat(512) }),
      });
      return response.status;
    });
    assert.equal(answer, 400);
  });

  test("in the address", async () => {
    await page.goto(`${world.url}/#/jobs/${encodeURIComponent("<img src=x onerror=fail(1)>")}`);
    await page.getByRole("alert").waitFor();
    await page.goto(`${world.url}/#/restore/bad?find=${encodeURIComponent('"><script>fail(1)</script>')}`);
    await page.getByRole("heading", { name: "bad" }).waitFor();
    await assertHarmless();
  });
});

const pages = [
  "", "jobs", "jobs/bad", "jobs/new", "jobs/new?step=source", "jobs/new?step=schedule", "jobs/new?step=files",
  "jobs/new?step=limits", "jobs/new?step=safety", "jobs/new?step=notify", "jobs/new?step=review", "runs", "runs/1",
  "runs/1?tab=log", "runs/1?tab=history", "runs/2", "approvals", "restore", "restore/bad", "upload", "remotes",
  "notifications", "settings", "bandwidth", "workers", "clients", "users", "deliveries", "audit", "health",
];

const scans = {
  light: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
  dark: { type: "rule", values: ["color-contrast"] }, // all that differs
};

for (const [colorScheme, runOnly] of Object.entries(scans))
  describe(`in ${colorScheme} colours nothing serious is found on`, () => {
    let scanned;
    before(async () => {
      const context = await world.context({ colorScheme, bypassCSP: true, storageState: await page.context().storageState() });
      scanned = await context.newPage();
    });
    for (const path of pages)
      test(`/${path}`, async () => {
        await scanned.goto(`${world.url}/#/${path}`);
        await scanned.reload();
        await scanned.getByRole("heading", { level: 1 }).waitFor();
        await scanned.waitForFunction(() => !document.querySelector(".loading"));
        await scanned.evaluate(axe);
        const found = await scanned.evaluate((runOnly) => window.axe.run(document, { runOnly }), runOnly);
        const serious = found.violations.filter((one) => one.impact === "serious" || one.impact === "critical");
        assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`), []);
      });
  });

describe("with the keyboard alone", () => {
  const focused = (property, value) =>
    page.waitForFunction(([property, value]) => document.activeElement?.[property] === value, [property, value]);

  test("the content is one Tab away", async () => {
    await page.goto(`${world.url}/#/jobs`);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
    await page.keyboard.press("Tab");
    await focused("textContent", "Skip to the content");
    await page.keyboard.press("Enter");
    await focused("tagName", "H1");
  });

  test("a menu opens, moves and closes", async () => {
    const button = page.getByRole("button", { name: "More about bad" });
    await button.focus();
    await page.keyboard.press("Enter");
    await focused("textContent", "Dry run");
    await page.keyboard.press("ArrowDown");
    await focused("textContent", "Edit");
    await page.keyboard.press("Escape");
    await focused("ariaLabel", "More about bad");
  });

  test("a dialog keeps the focus and gives it back", async () => {
    await page.goto(`${world.url}/#/remotes`);
    const button = page.getByRole("button", { name: "Add a remote" });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.waitForFunction(() => document.querySelector("dialog")?.contains(document.activeElement));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });
});

test("at the width of a phone nothing reaches out of the page", async () => {
  const context = await world.context({ viewport: { width: 360, height: 740 }, storageState: await page.context().storageState() });
  const phone = await context.newPage();
  for (const path of pages) {
    await phone.goto(`${world.url}/#/${path}`);
    await phone.getByRole("heading", { level: 1 }).waitFor();
    await phone.waitForFunction(() => !document.querySelector(".loading"));
    const width = await phone.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `/${path} is ${width} px wide`);
  }
});
