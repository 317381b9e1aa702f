// Pictures of the page with a small company's backups, made by the real programs. The arguments are the
// folder that they go to, and which: "documented" are those of the documentation, "every" all pages.
import path from "node:path";
import { enter, World } from "./world.mjs";

const [folder, which] = process.argv.slice(2);

const looks = {
  "": { viewport: { width: 1200, height: 760 } },
  "-dark": { viewport: { width: 1200, height: 760 }, colorScheme: "dark" },
  "-phone": { viewport: { width: 390, height: 844 } },
};
// What moves comes last: until then it has moved a while.
const documented = { "-dark": ["jobs"], "": ["wizard-schedule", "restore", "run", "overview"], "-phone": ["run"] };

const world = await World.start({ slots: 3 });
try {
  const page = await (await world.context(looks[""])).newPage();
  await enter(world, page);
  await populate();
  const storageState = await page.context().storageState();
  const names = Object.keys(pages());
  const wanted = which === "every" ? { "-dark": names, "": names, "-phone": names } : documented;
  for (const [suffix, some] of Object.entries(wanted)) {
    const shown = await (await world.context({ ...looks[suffix], storageState })).newPage();
    for (const name of some) await take(shown, name, pages()[name], suffix);
  }
} finally {
  await world.close();
}

async function populate() {
  for (const name of ["nas", "cloud"]) {
    const server = await world.ask("serve", { kind: "webdav", folder: name });
    await world.dray("remote", "add", name, "webdav", `url=http://127.0.0.1:${server.port}`, `user=${server.user}`, `pass=${server.password}`);
  }
  await world.dray("client", "add", "acme", "--bandwidth", "20M");
  for (const [name, count, size] of [["photos", 24, 180_000], ["invoices", 30, 9000], ["website", 12, 40_000], ["crm-database", 3, 400_000]])
    await world.ask("make_files", { folder: `nas/${name}`, count, size });
  const job = (name, ...flags) => world.dray("job", "add", name, "--from", `nas:${name}`, "--to", `cloud:backup/${name}`, ...flags);
  await job("photos", "--daily", "02:30", "--tz", "America/New_York", "--keep-last", "14", "--validation", "size");
  await job("invoices", "--weekly", "mon-fri@18:00", "--tz", "Europe/Oslo");
  await job("website", "--cron", "15 */6 * * *");
  await job("crm-database", "--kind", "archive", "--daily", "01:00");
  await job("mail-archive", "--daily", "03:00");
  await job("vm-images", "--bandwidth", "300K");
  await world.dray("job", "add", "inbox", "--kind", "upload", "--to", "cloud:inbox");
  for (let round = 0; round < 4; round += 1)
    for (const name of ["photos", "invoices", "website", "crm-database"]) {
      await world.ask("make_files", { folder: `nas/${name}/${round}`, count: 2 + round, size: 30_000 * (round + 1) });
      await world.dray("run", name, "--wait");
    }
  const failed = (await world.drayJson("run", "mail-archive")).run;
  await world.ask("wait", { run: failed, states: ["failed", "retry_wait"] });
  await world.ask("remove_files", { folder: "nas/invoices", keep: 3 });
  const held = (await world.drayJson("run", "invoices")).run;
  await world.ask("wait", { run: held, states: ["held"] });
  await world.ask("make_files", { folder: "nas/vm-images", count: 80, size: 250_000 });
  await world.dray("notify", "add-channel", "mail", "smtp", "host=mail.example.org", "from=backup@example.org");
  await world.dray("notify", "add", "--channel", "mail", "--to", "ops@example.org", "--on", "failure,held,fixed", "--every", "26h");
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
  if (name === "run") await page.waitForFunction(() => Number(document.querySelector("[data-testid=progress] [role=progressbar]")?.getAttribute("aria-valuenow")) > 25);
  if (name === "overview") await page.getByRole("progressbar", { name: `Progress of run ${world.live}` }).waitFor();
  await page.screenshot({ path: path.join(folder, `${name}${suffix}.png`) });
}
