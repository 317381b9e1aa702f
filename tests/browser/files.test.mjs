// Files that people hand in, and files that come back.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { enter, World } from "./world.mjs";

let world;
let page;

before(async () => {
  world = await World.start();
  page = await (await world.context()).newPage();
  await enter(world, page);
  await world.ask("remote", { name: "disk", settings: { type: "local" } });
});
after(() => world?.close());

describe("handing in", () => {
  before(() => world.dray("job", "add", "inbox", "--kind", "upload", "--to", `disk:${world.files}/inbox`));

  test("a file ends with a receipt that names its checksum", async () => {
    const content = Buffer.alloc(300_000, "drayage");
    const sum = createHash("sha256").update(content).digest("hex");
    await page.goto(`${world.url}/#/upload?job=inbox`);
    await page.getByLabel("Files to hand in").setInputFiles({ name: "report Ü.bin", mimeType: "application/octet-stream", buffer: content });
    await page.getByTestId("upload").getByText("Handed in").waitFor();
    assert.match(await page.getByTestId("upload").innerText(), new RegExp(sum));
    const receipts = page.getByRole("table");
    await receipts.getByRole("link", { name: "report Ü.bin" }).waitFor();
    await receipts.getByTitle(sum).waitFor();
  });

  test("a file that is dropped on the page is taken", async () => {
    await page.goto(`${world.url}/#/upload?job=inbox`);
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["dropped"], "dropped.txt"));
      return transfer;
    });
    await page.locator(".drop").dispatchEvent("drop", { dataTransfer: data });
    await page.getByTestId("upload").filter({ hasText: "dropped.txt" }).getByText("Handed in").waitFor();
  });

  test("can be cancelled on the way, and leaves nothing behind", async () => {
    await page.goto(`${world.url}/#/upload?job=inbox`);
    // Slower than the test: the bytes are held back until it has looked.
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 });
    await page.getByLabel("Files to hand in").setInputFiles({ name: "unwanted.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(8_000_000, 7) });
    const row = page.getByTestId("upload").filter({ hasText: "unwanted.bin" });
    const runs = await page.context().newPage();
    await runs.goto(`${world.url}/#/runs?job=inbox&state=open`);
    await runs.getByRole("list", { name: "Runs" }).getByRole("listitem").waitFor();
    await row.getByRole("button", { name: "Cancel" }).click();
    await row.getByText("Cancelled").waitFor();
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await runs.goto(`${world.url}/#/runs?job=inbox`);
    await runs.getByRole("list", { name: "Runs" }).getByText(/Failed|Cancelled/).waitFor();
    await runs.close();
    assert.ok(!(await world.ask("tree", { folder: "inbox" })).some((name) => name.includes("unwanted")));
  });
});

describe("bringing back", () => {
  before(async () => {
    await world.ask("make_files", { folder: "letters", count: 4, size: 2000 });
    await world.ask("write_file", { path: "letters/2026/report.txt", text: "first" });
    await world.dray("job", "add", "letters", "--from", `disk:${world.files}/letters`, "--to", `disk:${world.files}/kept`);
    await world.dray("run", "letters", "--wait");
    await world.ask("write_file", { path: "letters/2026/report.txt", text: "second" });
    await world.dray("run", "letters", "--wait");
  });

  test("an earlier state goes to another place, with live progress", async () => {
    await page.goto(`${world.url}/#/restore/letters`);
    const table = page.getByRole("table").last();
    await table.getByRole("row").nth(2).getByRole("button", { name: "Restore" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Remote of the restore").selectOption("disk");
    await dialog.getByLabel("Folder", { exact: true }).fill(`${world.files}/back`);
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByRole("heading", { level: 1 }).getByText("Succeeded").waitFor();
    assert.equal(await world.ask("read_file", { path: "back/2026/report.txt" }), "first");
    assert.equal((await world.ask("tree", { folder: "back" })).length, 5);
  });

  test("a single file is found and restored alone", async () => {
    await page.goto(`${world.url}/#/restore/letters`);
    await page.getByLabel("Name or pattern").fill("**report*");
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByRole("cell", { name: "2026/report.txt" }).first().waitFor();
    await page.getByRole("row").filter({ hasText: "2026/report.txt" }).first().getByRole("button", { name: "Restore" }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(await dialog.getByLabel("Which files").inputValue(), "2026/report.txt");
    await dialog.getByLabel("Remote of the restore").selectOption("disk");
    await dialog.getByLabel("Folder", { exact: true }).fill(`${world.files}/single`);
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByRole("heading", { level: 1 }).getByText("Succeeded").waitFor();
    assert.deepEqual(await world.ask("tree", { folder: "single" }), ["2026/report.txt"]);
  });

  test("a state is kept whatever the rules say, until it is let go", async () => {
    await page.goto(`${world.url}/#/restore/letters`);
    await page.getByRole("button", { name: "Keep" }).first().click();
    await page.getByLabel("Why (optional)").fill("audit");
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByText("Kept", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Let the rules decide" }).click();
    await page.getByText("Kept", { exact: true }).waitFor({ state: "detached" });
  });
});

test("no script was refused and none failed", () => assert.deepEqual(page.context().errors, []));
