// Pictures of every page, for the documentation: a small company's backups, made by the real programs.
// The argument is the folder that they go to.
import path from "node:path";
import { enter, World } from "./world.mjs";

const folder = process.argv[2];

const world = await World.start({ slots: 3 });
try {
  const page = await (await world.context()).newPage();
  await enter(world, page);
  await populate();
  await takeAll(page, "");
  const dark = await (await world.context({ colorScheme: "dark", storageState: await page.context().storageState() })).newPage();
  await takeSome(dark, ["overview", "run"], "-dark");
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
  const small = await (await world.context({ ...phone, storageState: await page.context().storageState() })).newPage();
  await takeSome(small, ["overview", "jobs", "run"], "-phone");
} finally {
  await world.close();
}

async function populate() {
  const disk = (place) => `nas:${world.files}/${place}`;
  await world.ask("remote", { name: "nas", settings: { type: "local" } });
  const cloud = await world.ask("serve", { kind: "webdav", folder: "cloud" });
  await world.dray("remote", "add", "cloud", "webdav", `url=http://127.0.0.1:${cloud.port}`, `user=${cloud.user}`, `pass=${cloud.password}`);
  await world.dray("client", "add", "acme", "--bandwidth", "20M");
  for (const [name, count, size] of [["photos", 24, 180_000], ["invoices", 30, 9000], ["website", 12, 40_000], ["crm-database", 3, 400_000]])
    await world.ask("make_files", { folder: name, count, size });
  const job = (name, ...flags) => world.dray("job", "add", name, "--from", disk(name), "--to", `cloud:backup/${name}`, ...flags);
  await job("photos", "--daily", "02:30", "--tz", "Europe/Oslo", "--keep-last", "14", "--validation", "size");
  await job("invoices", "--weekly", "mon-fri@18:00", "--tz", "Europe/Oslo");
  await job("website", "--cron", "15 */6 * * *");
  await job("crm-database", "--kind", "archive", "--daily", "01:00");
  await job("mail-archive", "--daily", "03:00");
  await job("vm-images", "--bandwidth", "300K");
  await world.dray("job", "add", "inbox", "--kind", "upload", "--to", "cloud:inbox");
  for (let round = 0; round < 4; round += 1)
    for (const name of ["photos", "invoices", "website", "crm-database"]) {
      await world.ask("make_files", { folder: `${name}/${round}`, count: 2 + round, size: 30_000 * (round + 1) });
      await world.dray("run", name, "--wait");
    }
  const failed = (await world.drayJson("run", "mail-archive")).run;
  await world.ask("wait", { run: failed, states: ["failed", "retry_wait"] });
  await world.ask("remove_files", { folder: "invoices", keep: 3 });
  const held = (await world.drayJson("run", "invoices")).run;
  await world.ask("wait", { run: held, states: ["held"] });
  await world.ask("make_files", { folder: "vm-images", count: 40, size: 250_000 });
  world.live = (await world.drayJson("run", "vm-images")).run;
  world.failed = failed;
}

function pages() {
  return {
    overview: "",
    jobs: "jobs",
    job: "jobs/photos",
    "wizard-basics": "jobs/new",
    "wizard-source": "jobs/photos/edit?step=source",
    "wizard-schedule": "jobs/photos/edit?step=schedule",
    "wizard-limits": "jobs/photos/edit?step=limits",
    "wizard-safety": "jobs/photos/edit?step=safety",
    "wizard-review": "jobs/photos/edit?step=review",
    runs: "runs",
    run: `runs/${world.live}`,
    "run-failed": `runs/${world.failed}`,
    "run-log": "runs/1?tab=log",
    approvals: "approvals",
    restore: "restore/photos",
    upload: "upload?job=inbox",
    remotes: "remotes",
    notifications: "notifications",
    settings: "settings",
    bandwidth: "bandwidth",
    workers: "workers",
    clients: "clients",
    people: "users",
    deliveries: "deliveries",
    audit: "audit",
    health: "health",
  };
}

async function take(page, name, address, suffix) {
  await page.goto(`${world.url}/#/${address}`);
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector(".loading"));
  if (name === "run") await page.locator(".chart .line").first().waitFor();
  await page.screenshot({ path: path.join(folder, `${name}${suffix}.png`) });
}

async function takeAll(page, suffix) {
  for (const [name, address] of Object.entries(pages())) await take(page, name, address, suffix);
}

async function takeSome(page, names, suffix) {
  for (const name of names) await take(page, name, pages()[name], suffix);
}
