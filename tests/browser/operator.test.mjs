// What the provider's operator does: filters, cancelling of many, approvals, export, bandwidth, workers,
// people, and what another client may see of it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { enter, logIn, World } from "./world.mjs";

let world;
let page;

before(async () => {
  world = await World.start({ slots: 2, notifier_config: 'allow_addresses = ["127.0.0.1"]' });
  page = await (await world.context({ acceptDownloads: true })).newPage();
  await enter(world, page);
  await world.dray("client", "add", "acme");
  await world.dray("client", "add", "globex");
  await world.ask("make_files", { folder: "source", count: 6, size: 500 });
  await world.ask("make_files", { folder: "big", count: 40, size: 200_000 });
  for (const client of ["acme", "globex"]) {
    await world.dray("remote", "add", `disk-${client}`, "local", "--no-test", "--client", client);
    await world.dray("job", "add", `${client}-small`, "--client", client, "--from", `disk-${client}:${world.files}/source`, "--to", `disk-${client}:${world.files}/out/${client}`);
    await world.dray("job", "add", `${client}-slow`, "--client", client, "--from", `disk-${client}:${world.files}/big`, "--to", `disk-${client}:${world.files}/slow/${client}`, "--bandwidth", "200K");
    await world.dray("run", `${client}-small`, "--wait");
  }
});
after(() => world?.close());

const rows = () => page.getByRole("list", { name: "Runs" }).getByRole("listitem");

describe("runs of all clients", () => {
  test("are filtered by client, state, job and words", async () => {
    await page.goto(`${world.url}/#/runs`);
    await rows().nth(1).waitFor();
    await page.getByLabel("Client").selectOption("acme");
    await page.waitForFunction(() => document.querySelectorAll("[role=listitem]").length === 1);
    assert.match(await rows().first().innerText(), /acme-small/);
    await page.getByLabel("Client").selectOption("");
    await page.getByLabel("State").selectOption("failed");
    await page.getByText("No run fits").waitFor();
    await page.getByRole("button", { name: "Show all runs" }).click();
    await page.getByLabel("Search").fill("globex");
    await page.waitForFunction(() => document.querySelectorAll("[role=listitem]").length === 1);
    await page.getByLabel("Search").fill("");
    await page.getByLabel("To", { exact: true }).fill("2020-01-01");
    await page.getByText("No run fits").waitFor();
  });

  test("stand in the address, so that a filter can be sent to a colleague", async () => {
    await page.goto(`${world.url}/#/runs?client=globex&state=ended`);
    await rows().first().waitFor();
    assert.equal(await page.getByLabel("Client").inputValue(), "globex");
    assert.match(await rows().first().innerText(), /globex-small/);
  });

  test("are exported as CSV with the same filter", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
    const lines = (await (await download.createReadStream()).toArray()).join("").trim().split("\n");
    assert.ok(lines.length >= 2 && lines.slice(1).every((line) => line.includes("globex")), lines.join("\n"));
  });

  test("are cancelled together, with a reason", async () => {
    for (const client of ["acme", "globex"]) await world.dray("run", `${client}-slow`);
    await page.goto(`${world.url}/#/runs?state=open`);
    await rows().nth(1).waitFor();
    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByText("2 runs selected").waitFor();
    await page.getByRole("region", { name: "Selected runs" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Reason").fill("maintenance tonight");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel 2 runs" }).click();
    await page.getByText("2 runs being cancelled").waitFor();
    await page.goto(`${world.url}/#/runs?state=cancelled`);
    await rows().nth(1).waitFor();
    assert.match(await rows().first().innerText(), /maintenance tonight/);
  });

  test("are cancelled all only after a second look", async () => {
    await world.dray("run", "acme-slow");
    await page.goto(`${world.url}/#/runs`);
    await page.getByRole("button", { name: "Cancel all" }).click();
    const button = page.getByRole("dialog").getByRole("button", { name: /^Cancel all open runs/ });
    assert.ok(await button.isDisabled());
    await page.getByLabel("Type cancel all to confirm").fill("cancel all");
    await button.click();
    await page.getByText("1 run being cancelled").waitFor();
  });
});

describe("a run that would delete much", () => {
  test("waits for approval, and goes on when it gets one", async () => {
    await world.dray("job", "add", "guarded", "--client", "acme", "--from", `disk-acme:${world.files}/guarded`, "--to", `disk-acme:${world.files}/guarded-copy`);
    await world.ask("make_files", { folder: "guarded", count: 30, size: 100 });
    await world.dray("run", "guarded", "--wait");
    await world.ask("remove_files", { folder: "guarded", keep: 2 });
    const run = (await world.drayJson("run", "guarded")).run;
    await world.ask("wait", { run, states: ["held"] });
    await page.goto(`${world.url}/#/approvals`);
    await page.getByText("Would be deleted").waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByLabel("Reason (optional)").fill("the folder was cleaned");
    await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await page.getByText("Nothing waits for you").waitFor();
    await world.ask("wait", { run, states: ["succeeded", "warning"] });
  });
});

describe("operation", () => {
  test("caps bandwidth of everybody", async () => {
    await page.goto(`${world.url}/#/bandwidth`);
    await page.getByRole("button", { name: "Set a cap" }).click();
    await page.getByRole("dialog").getByLabel("At most", { exact: true }).fill("12");
    await page.getByRole("button", { name: "Set it" }).click();
    await page.getByRole("cell", { name: /12\.0 MiB\/s/ }).first().waitFor();
  });

  test("drains a worker and takes it back", async () => {
    await page.goto(`${world.url}/#/workers`);
    await page.getByRole("button", { name: "Drain" }).click();
    await page.getByText("Drains", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Take runs again" }).click();
    await page.getByText("Ready", { exact: true }).waitFor();
  });

  test("sees every change in the audit, with what it was before", async () => {
    await page.goto(`${world.url}/#/audit`);
    await page.getByLabel("Search in these entries").fill("worker.drain");
    await page.getByRole("cell", { name: /worker\.drain/ }).first().waitFor();
  });

  test("sees whether everything is in order", async () => {
    await page.goto(`${world.url}/#/health`);
    await page.getByRole("heading", { name: "Checks" }).waitFor();
    await page.getByRole("cell", { name: /Good|Look/ }).first().waitFor();
  });

  test("makes a token that is shown once, and revokes it", async () => {
    await page.goto(`${world.url}/#/users`);
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("grafana");
    await page.getByRole("button", { name: "Make it" }).click();
    const secret = await page.getByTestId("secret").innerText();
    const me = (token) => fetch(`${world.url}/api/v1/me`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await me(secret)).status, 200);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("No token yet").waitFor();
    assert.equal((await me(secret)).status, 401);
  });
});

describe("notifications", () => {
  const secret = "only the notifier knows this";
  const received = [];
  let hook;
  before(async () => {
    hook = createServer((request, response) => {
      let body = "";
      request.on("data", (data) => (body += data));
      request.on("end", () => {
        received.push(JSON.parse(body));
        response.end();
      });
    });
    await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
  });
  after(() => hook.close());

  test("go through a channel that is tested, and by a rule", async () => {
    await page.goto(`${world.url}/#/notifications`);
    await page.getByRole("button", { name: "Add a channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Signed JSON to a program of yours").click();
    await dialog.getByLabel("Name", { exact: true }).fill("hook");
    await dialog.getByLabel(/^Address/).fill(`http://127.0.0.1:${hook.address().port}/`);
    await dialog.getByLabel(/^Signing key/).fill(secret);
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Test", exact: true }).click();
    await dialog.getByRole("button", { name: "Send a test message" }).click();
    await dialog.getByText("It was taken").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();

    await page.getByRole("button", { name: "Add a rule" }).click();
    await dialog.getByLabel("Succeeded").check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("The rule holds from now on").waitFor();
  });

  test("show what became of them", async () => {
    await world.dray("run", "acme-small", "--wait");
    await page.goto(`${world.url}/#/deliveries`);
    await page.getByRole("row").filter({ hasText: "acme-small" }).getByText("Delivered").waitFor();
    assert.ok(received.some((message) => message.job === "acme-small" && message.event === "success"), JSON.stringify(received));
  });

  test("never show a secret again", async () => {
    await page.goto(`${world.url}/#/notifications`);
    const answer = await page.evaluate(async () => (await fetch("api/v1/notifications/channels")).text());
    assert.ok(answer.includes("hook") && !answer.includes(secret));
    await page.getByRole("button", { name: "More about hook" }).click();
    await page.getByRole("menuitem", { name: "Change" }).click();
    assert.equal(await page.getByRole("dialog").getByLabel(/^Signing key/).inputValue(), "");
  });
});

describe("a person of a client", () => {
  const bo = { name: "bo", password: "another good sentence" };
  let theirs;

  before(async () => {
    await page.goto(`${world.url}/#/users`);
    await page.getByRole("button", { name: "Add a person" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill(bo.name);
    await dialog.getByLabel("Sees").selectOption("globex");
    await dialog.getByLabel("Password").fill(bo.password);
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("cell", { name: "bo", exact: true }).waitFor();
    theirs = await (await world.context()).newPage();
    await logIn(theirs, world.url, bo);
  });

  test("sees the jobs and runs of that client only", async () => {
    await theirs.goto(`${world.url}/#/jobs`);
    await theirs.getByRole("link", { name: "globex-small" }).waitFor();
    assert.equal(await theirs.getByText("acme").count(), 0);
    await theirs.goto(`${world.url}/#/runs`);
    await theirs.getByRole("link", { name: "globex-small" }).first().waitFor();
    assert.equal(await theirs.getByText("acme").count(), 0);
  });

  test("is told that what belongs to another is not there", async () => {
    await theirs.goto(`${world.url}/#/jobs/acme-small`);
    await theirs.getByRole("alert").waitFor();
    const runs = (await world.drayJson("runs", "--job", "acme-small")).runs;
    await theirs.goto(`${world.url}/#/runs/${runs[0].run}`);
    await theirs.getByRole("alert").waitFor();
  });

  test("has no pages of the operator", async () => {
    assert.equal(await theirs.getByText("Operation", { exact: true }).count(), 0);
    for (const path of ["audit", "workers", "clients", "users", "bandwidth"]) {
      await theirs.goto(`${world.url}/#/${path}`);
      await theirs.getByText("There is no such page").waitFor();
    }
  });

  test("hears nothing of the runs of others", async () => {
    await theirs.goto(`${world.url}/#/settings`);
    await page.goto(`${world.url}/#/settings`);
    const run = (await world.drayJson("run", "acme-small")).run;
    await page.getByText(new RegExp(`acme-small, run ${run}`)).waitFor();
    const own = (await world.drayJson("run", "globex-small")).run;
    await theirs.getByText(new RegExp(`globex-small, run ${own}`)).waitFor();
    assert.equal(await theirs.getByText("acme-small").count(), 0);
  });
});

test("no script was refused and none failed", () => assert.deepEqual(page.context().errors, []));
