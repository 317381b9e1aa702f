// What every browser test stands on: the real programs (stack.py), a proxy that cuts what it is told
// to, and Debian's Chromium.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
export const slowness = Number(process.env.DRAY_TEST_SLOWNESS ?? 1);
export const deadline = (seconds) => seconds * 1000 * slowness;

const browserFlags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The stack, and methods of its World by name: `await world.ask("make_files", {...})`. */
export class World {
  static async start(options = {}) {
    const world = new World();
    world.process = spawn(process.env.PYTHON3 ?? "python3", [path.join(here, "stack.py"), JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    world.waiting = new Map();
    world.next = 1;
    createInterface({ input: world.process.stdout }).on("line", (line) => world.#answer(line));
    world.process.on("exit", () => {
      for (const { reject } of world.waiting.values()) reject(new Error("stack.py has ended"));
    });
    Object.assign(world, await world.ask("where"));
    world.proxy = await Proxy.start(Number(new URL(world.url).port));
    world.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: browserFlags });
    return world;
  }

  ask(what, body = {}) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.process.stdin.write(`${JSON.stringify({ id, do: what, ...body })}\n`);
    });
  }

  #answer(line) {
    let answer;
    try {
      answer = JSON.parse(line);
    } catch {
      return;
    }
    const { resolve, reject } = this.waiting.get(answer.id) ?? {};
    this.waiting.delete(answer.id);
    if (answer.error) reject?.(new Error(answer.error));
    else resolve?.(answer.value);
  }

  dray(...args) {
    return this.ask("dray", { args });
  }

  drayJson(...args) {
    return this.ask("dray_json", { args });
  }

  /** A browser of its own: cookies, storage, and everything that went wrong in it. */
  async context(options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 860 },
      timezoneId: "Europe/Berlin",
      ...options,
    });
    context.setDefaultTimeout(deadline(60));
    context.errors = [];
    context.on("weberror", (error) => context.errors.push(String(error.error())));
    context.on("console", (message) => {
      const text = message.text();
      // What the server refuses is part of tests; what the policy refuses never is.
      if (message.type() === "error" && /Content Security Policy|Trusted|Refused to/.test(text)) context.errors.push(text);
    });
    return context;
  }

  async close() {
    await this.browser?.close();
    this.proxy?.close();
    this.process.stdin.end();
    await new Promise((resolve) => {
      if (this.process.exitCode !== null) resolve();
      this.process.once("exit", resolve);
    });
  }
}

/** Passes connections on, and cuts or refuses those of a kind. */
export class Proxy {
  static kinds = { websocket: /upgrade: *websocket/i, sse: /accept: *text\/event-stream/i };

  static start(target) {
    const proxy = new Proxy();
    proxy.refused = new Set();
    proxy.open = new Map();
    proxy.server = net.createServer((client) => proxy.#accept(client, target));
    return new Promise((resolve) => {
      proxy.server.listen(0, "127.0.0.1", () => {
        proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
        resolve(proxy);
      });
    });
  }

  #accept(client, target) {
    const server = net.connect(target, "127.0.0.1");
    this.open.set(client, "plain");
    const end = () => {
      this.open.delete(client);
      client.destroy();
      server.destroy();
    };
    client.on("data", (data) => {
      const head = data.toString("latin1", 0, 4096);
      for (const [kind, shape] of Object.entries(Proxy.kinds)) {
        if (!/^[A-Z]+ \//.test(head) || !shape.test(head)) continue;
        this.open.set(client, kind);
        if (this.refused.has(kind)) return end();
      }
      server.write(data);
    });
    server.on("data", (data) => client.write(data));
    for (const socket of [client, server]) {
      socket.on("close", end);
      socket.on("error", end);
    }
  }

  /** From now on none of this kind gets through; those that are open are cut. */
  refuse(...kinds) {
    for (const kind of kinds) this.refused.add(kind);
    for (const [client, kind] of this.open) if (kinds.includes(kind)) client.destroy();
  }

  admit() {
    this.refused.clear();
  }

  close() {
    this.server.close();
    for (const client of this.open.keys()) client.destroy();
  }
}

export const person = { name: "anna", password: "correct horse battery" };

/** Makes the first user through the page, with the one-time link that the server prints. */
export async function enter(world, page) {
  await page.goto(await world.ask("setup_link"));
  await page.getByLabel("Name", { exact: true }).fill(person.name);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByLabel("Password again").fill(person.password);
  await page.getByRole("button", { name: "Make the user and log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

/** Fills the open dialog of a new remote, saves it and waits for its test. */
export async function fillRemote(page, { name, type, fields, confirmKey = false, tested = true }) {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: new RegExp(`^${type}`) }).click();
  await dialog.getByLabel("Name of the remote").fill(name);
  const more = dialog.getByText("More options");
  if (await more.count()) await more.click();
  for (const [label, value] of Object.entries(fields)) {
    const input = dialog.getByLabel(new RegExp(`^${label}( \\(needed\\))?$`));
    if (Array.isArray(value)) await input.selectOption(value);
    else await input.fill(value);
  }
  await dialog.getByRole("button", { name: /^Save( and test)?$/ }).click();
  if (confirmKey) {
    await dialog.getByText("Is this the right server?").waitFor();
    await dialog.getByRole("button", { name: /It is the right server/ }).click();
  }
  if (!tested) return;
  await dialog.getByText("It works").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
}

export async function logIn(page, url, who = person) {
  await page.goto(url);
  await page.getByLabel("Name", { exact: true }).fill(who.name);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

export function scratch() {
  const dir = mkdtempSync(path.join(tmpdir(), "dray-browser-"));
  mkdirSync(dir, { recursive: true });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
