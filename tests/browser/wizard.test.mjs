// The wizard makes jobs for each main kind of source, with real servers behind it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { enter, fillRemote, World } from "./world.mjs";

let world;
let page;

before(async () => {
  world = await World.start();
  const context = await world.context();
  page = await context.newPage();
  await enter(world, page);
});
after(() => world?.close());

/** Walks through the wizard; the remote of the source is made on the way. */
async function makeJob({ name, type, fields, folder, confirmKey }) {
  await page.goto(`${world.url}/#/jobs/new`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Next" }).click();

  await page.getByRole("button", { name: "Add a remote" }).click();
  await fillRemote(page, { name: `${name}-source`, type, fields, confirmKey });
  await page.getByLabel("Folder", { exact: true }).fill(folder);
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText("It works").waitFor();
  await page.getByRole("button", { name: "Next" }).click();

  await page.getByLabel("Remote of the destination").selectOption("cellar");
  await page.getByLabel("Folder", { exact: true }).fill(`${world.files}/copies/${name}`);
  await page.getByRole("button", { name: "Next" }).click();

  await page.getByText("By hand").click();
  await page.getByRole("button", { name: "Make the job" }).click();
  await page.getByRole("heading", { name, exact: false, level: 1 }).waitFor();
}

async function runAndCompare(name, folder) {
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("heading", { level: 1 }).getByText("Succeeded").waitFor();
  assert.deepEqual(
    (await world.ask("tree", { folder: `copies/${name}/current` })).length,
    (await world.ask("tree", { folder })).length,
  );
}

test("a destination on the worker is added and tested", async () => {
  await page.goto(`${world.url}/#/remotes`);
  await page.getByRole("button", { name: "Add a remote" }).click();
  await fillRemote(page, { name: "cellar", type: "Folder of the worker", fields: {}, tested: false });
  await page.getByRole("cell", { name: /^cellar/ }).waitFor();
});

describe("a source of kind", () => {
  test("WebDAV", async () => {
    await world.ask("make_files", { folder: "dav/letters", count: 5, size: 2000 });
    const server = await world.ask("serve", { kind: "webdav", folder: "dav" });
    const fields = { Address: `http://127.0.0.1:${server.port}`, User: server.user, Password: server.password };
    await makeJob({ name: "over-webdav", type: "WebDAV", fields, folder: "letters" });
    await runAndCompare("over-webdav", "dav/letters");
  });

  test("S3-compatible", async () => {
    const server = await world.ask("serve", { kind: "s3", folder: "s3" });
    const fields = {
      Endpoint: `http://127.0.0.1:${server.port}`,
      "Access key ID": server.key,
      "Secret access key": server.secret,
      Region: "us-east-1",
    };
    const settings = { type: "s3", provider: "Other", endpoint: fields.Endpoint, access_key_id: server.key, secret_access_key: server.secret, region: fields.Region };
    await world.ask("remote", { name: "filler", settings });
    await world.ask("make_files", { folder: "objects", count: 4, size: 1000 });
    await world.dray("job", "add", "fill", "--from", `cellar:${world.files}/objects`, "--to", "filler:data", "--layout", "mirror");
    await world.dray("run", "fill", "--wait");
    await makeJob({ name: "over-s3", type: "S3-compatible", fields, folder: "data" });
    await runAndCompare("over-s3", "objects");
  });

  test("SFTP, whose host key a person confirms", async () => {
    await world.ask("make_files", { folder: "sftp/photos", count: 4, size: 3000 });
    const server = await world.ask("serve", { kind: "sftp", folder: "sftp" });
    const fields = { Host: "127.0.0.1", Port: String(server.port), User: server.user, "Private key": server.private_key };
    await makeJob({ name: "over-sftp", type: "SFTP", fields, folder: `${server.root}/photos`, confirmKey: true });
    await runAndCompare("over-sftp", "sftp/photos");
  });

  test("FTP", async (t) => {
    await world.ask("make_files", { folder: "ftp/scans", count: 3, size: 1000 });
    const server = await world.ask("serve", { kind: "ftp", folder: "ftp" });
    if (!server) return t.skip("python3-pyftpdlib is not installed");
    const fields = { Host: "127.0.0.1", Port: String(server.port), User: server.user, Password: server.password, Encryption: ["none"] };
    await makeJob({ name: "over-ftp", type: "FTP", fields, folder: "scans" });
    await runAndCompare("over-ftp", "ftp/scans");
  });

  test("SMB", async (t) => {
    await world.ask("make_files", { folder: "smb/office", count: 3, size: 1000 });
    const server = await world.ask("serve", { kind: "smb", folder: "smb" });
    if (!server) return t.skip("samba is not installed");
    const fields = { Host: "127.0.0.1", Port: String(server.port), User: server.user, Password: server.password };
    await makeJob({ name: "over-smb", type: "SMB", fields, folder: `${server.share}/office` });
    await runAndCompare("over-smb", "smb/office");
  });

  test("Google Drive, Dropbox and AWS have forms of their own and explain what does not work", async () => {
    const kinds = [
      ["Google Drive", "gdrive", { Token: '{"access_token":"x","expiry":"2020-01-01T00:00:00Z"}' }],
      ["Dropbox", "dropbox", { Token: '{"access_token":"x","expiry":"2020-01-01T00:00:00Z"}' }],
      ["Amazon S3", "aws", { "Access key ID": "AK", "Secret access key": "SK", Region: "eu-central-1" }],
    ];
    for (const [type, name, fields] of kinds) {
      await page.goto(`${world.url}/#/remotes`);
      await page.getByRole("button", { name: "Add a remote" }).click();
      await fillRemote(page, { name, type, fields, tested: false });
      // The network of this machine is closed: a plain cause is shown, and nothing that was entered is lost.
      await page.getByRole("dialog").getByRole("alert").waitFor();
      assert.equal(await page.getByLabel("Name of the remote").inputValue(), name);
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    }
  });

  test("every other type gets its form from rclone", async () => {
    await page.goto(`${world.url}/#/remotes`);
    await page.getByRole("button", { name: "Add a remote" }).click();
    await page.getByText("Every other kind that rclone knows").click();
    await page.getByRole("dialog").getByLabel("Search").fill("backblaze");
    await page.getByRole("button", { name: /Backblaze B2/ }).click();
    await page.getByLabel("account", { exact: false }).first().waitFor();
    await page.keyboard.press("Escape");
  });
});

describe("the wizard", () => {
  test("shows the next ten runs with the day on which the clocks change", async () => {
    await page.goto(`${world.url}/#/jobs/new?step=schedule`);
    await page.getByText("Cron", { exact: true }).click();
    await page.getByLabel("Cron line").fill("30 2 * 3 0");
    await page.getByLabel("Time zone").fill("Europe/Oslo");
    const list = page.getByRole("region", { name: "The next ten runs" }).getByRole("listitem");
    await page.getByText("The clocks go forward").first().waitFor();
    assert.equal(await list.count(), 10);
  });

  test("says beside each field what is wrong, and where", async () => {
    await page.goto(`${world.url}/#/jobs/new`);
    await page.getByLabel("Name", { exact: true }).fill("not a name");
    await page.getByRole("button", { name: "Make the job" }).click();
    await page.getByText("Letters, digits").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).getAttribute("aria-invalid"), "true");
  });

  test("keeps what was entered over a reload", async () => {
    await page.goto(`${world.url}/#/jobs/new`);
    await page.getByLabel("Name", { exact: true }).fill("half-done");
    await page.getByText("Copies what is new or changed").click();
    await page.waitForFunction(() => localStorage.getItem("dray.draft/new/")?.includes("half-done"));
    await page.reload();
    await page.getByText("What you entered before is here again").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "half-done");
    assert.ok(await page.getByRole("radio", { name: /^Copy/ }).isChecked());
    await page.getByRole("button", { name: "Begin anew" }).click();
  });

  test("puts what the server refuses to its field", async () => {
    await page.goto(`${world.url}/#/jobs/over-webdav/edit?step=files`);
    await page.getByText("More options").click();
    await page.getByLabel("Further rclone flags").fill("--rc");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText(/--rc.*not allowed/).first().waitFor();
    assert.equal(await page.getByLabel("Further rclone flags").getAttribute("aria-invalid"), "true");
    await page.getByRole("button", { name: "Leave without saving" }).click();
    await page.getByRole("heading", { name: "over-webdav", level: 1, exact: true }).waitFor();
  });

  test("browses the folders of a remote", async () => {
    await page.goto(`${world.url}/#/jobs/over-webdav/edit?step=source`);
    await page.getByRole("button", { name: "Browse" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Up" }).click();
    await dialog.getByRole("button", { name: "letters" }).click();
    await dialog.getByText("file 0000.bin").waitFor();
    await dialog.getByRole("button", { name: "Choose this folder" }).click();
    assert.equal(await page.getByLabel("Folder", { exact: true }).inputValue(), "letters");
  });

  test("changes only what was changed, and says so when somebody else did", async () => {
    await page.goto(`${world.url}/#/jobs/over-webdav/edit?step=limits`);
    await page.getByLabel("Priority").fill("7");
    await world.dray("job", "edit", "over-webdav", "--bandwidth", "8M");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Somebody else has changed this job meanwhile").waitFor();
    await page.reload();
    await page.getByText("What you entered before is here again").waitFor();
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByRole("heading", { name: "over-webdav", level: 1, exact: true }).waitFor();
    const { job } = await world.drayJson("job", "show", "over-webdav");
    assert.equal(job.priority, 7);
    assert.notEqual(job.bandwidth_kbps, 0);
  });
});

test("no script was refused and none failed", () => assert.deepEqual(page.context().errors, []));

test("the bundle has no line of its own in the page", () => {
  const html = readFileSync(new URL("index.html", `file://${process.env.DRAY_WEB_DIR}/`), "utf8");
  assert.ok(!/<script(?![^>]*src=)/.test(html) && !/ style=/.test(html) && !/ on\w+=/.test(html));
});
