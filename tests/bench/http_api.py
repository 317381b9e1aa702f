"""The notifier's API beside Flask and Node.js that do the same work, and beside a bare loop over SQLite."""

import contextlib
import http.client
import json
import pathlib
import shutil
import sqlite3
import tempfile
import urllib.parse

from programs import BIN, PortServer, Skip, Stack, cpu_seconds, flask_api, measure, node
from table import Table, ratios, rounds

NORMAL = {"rounds": 5, "ms": 1500, "jobs": 256}
QUICK = {"rounds": 5, "ms": 500, "jobs": 256}
SMOKE = {"rounds": 1, "ms": 50, "jobs": 8}

ROWS = 20
CONNECTIONS = 64
OURS, OURS_UNCACHED = "Drayage, status", "Drayage, list of runs"
CACHED, FLOOR = "floor: epoll, cached body", "floor: epoll, SQLite each time"
FLASK, NODE = "Flask, gunicorn -w 2", "Node.js, better-sqlite3"
START = "Drayage, start a run"


class Target:
    """A server, what it is asked, and what its answers cost."""

    def __init__(self, name, port, pids, path, sizes, verb="get", token="", jobs=1):
        self.name, self.port, self.pids, self.ms = name, port, pids, sizes["ms"]
        self.arguments = [verb, "--port", port, "--path", path, "--connections", CONNECTIONS,
                          "--token", token, "--jobs", jobs]
        self.results, self.cpu_us = [], []

    def cpu(self):
        used = {}
        for name, pid in self.pids().items():
            with contextlib.suppress(OSError):
                used[name] = cpu_seconds(pid)
        return used

    def run(self):
        before = self.cpu()
        result = measure("bench-http", *self.arguments, "--ms", self.ms)[0]
        spent = {name: used - before.get(name, 0) for name, used in self.cpu().items()}
        self.results.append(result)
        self.cpu_us.append({name: s / max(result["answers"], 1) * 1e6 for name, s in spent.items()})
        self.load_share = {name: s / result["seconds"] for name, s in spent.items()}
        return result["rate"]

    def column(self, name):
        return [result[name] for result in self.results]

    def cpu_total(self):
        return [sum(used.values()) for used in self.cpu_us]

    def limited_by(self):
        shares = ", ".join(f"{name} {share:.0%}" for name, share in
                           sorted(self.load_share.items(), key=lambda one: -one[1]) if share >= 0.05)
        each = ", ".join(f"{name} {us:.0f}" for name, us in self.cpu_us[-1].items() if us >= 1)
        return f"CPU, of one processor: {shares or 'hardly any'} (us an answer: {each or 'none'})"


def ask(address, token, method, path):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, path, body="{}" if method == "POST" else None,
                           headers={"Authorization": f"Bearer {token}",
                                    **({"Content-Type": "application/json"} if method == "POST" else {})})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {answer.status} {body[:500]}")
        return json.loads(body)
    finally:
        connection.close()


def fill_peers_database(path, rows):
    """The very rows that Drayage answers with, so that all render the same."""
    plain = [{k: v if isinstance(v, (str, int, float)) or v is None else json.dumps(v)
              for k, v in row.items()} for row in rows]
    columns = sorted({name for row in plain for name in row} - {"run"})
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"CREATE TABLE runs (run INTEGER PRIMARY KEY, {', '.join(columns)})")
        db.execute("CREATE TABLE started (run INTEGER PRIMARY KEY, job, at)")
        for row in plain:
            db.execute(f"INSERT INTO runs VALUES ({', '.join('?' * (len(columns) + 1))})",
                       [row["run"], *(row.get(c) for c in columns)])
        db.commit()


class Peers:
    """The servers that are compared with, started once; those that are missing are noted."""

    def __init__(self, stack, folder, rows):
        self.missing, self.servers = [], {}
        makers = {FLOOR: lambda db: PortServer([BIN / "bench-floor", "run", "--port", "{port}", "--db", db]),
                  FLASK: flask_api,
                  NODE: lambda db: node("node_api.mjs", db, needs="better-sqlite3")}
        for i, (name, make) in enumerate(makers.items()):
            database = pathlib.Path(folder) / f"peer{i}.db"
            fill_peers_database(database, rows)
            try:
                self.servers[name] = stack.enter_context(make(database))
            except Skip as why:
                self.missing.append(f"skipped: {why}")

    def targets(self, path, sizes, verb="get"):
        return [Target(name, server.port, lambda server=server: {p: p for p in server.pids()}, path, sizes, verb)
                for name, server in self.servers.items()]


def compare(table, targets, bases, count):
    values = rounds(count, {t.name: t.run for t in targets})
    bases = [b for b in bases if b in values]
    table.columns("who", "per second", "p50 us", "p95 us", "p99 us", "CPU us each", "bytes",
                  *(f"x {base}" for base in bases))
    for target in targets:
        rates = values[target.name]
        table.row(target.name, rates, *(target.column(c) for c in ("us_p50", "us_p95", "us_p99")),
                  target.cpu_total(), target.column("bytes"), *(ratios(rates, values[b]) for b in bases))
    return values


def p95_ratios(ours, targets, name):
    return [r for t in targets if t.name == name for r in ratios(ours.column("us_p95"), t.column("us_p95"))]


class Drayage:
    """The whole of it, with jobs whose runs take no time."""

    def __init__(self, stack, sizes):
        self.stack, self.sizes = stack, sizes
        stack.remote("bench-files", {"type": "local"})
        stack.load("jobs", jobs=sizes["jobs"])
        self.token = stack.dray("token", "create", "bench", "--scope", "admin").stdout.strip()
        self.address = urllib.parse.urlparse((stack.dir / "data/notifier/address").read_text().strip())

    def target(self, name, path, verb="get", jobs=1):
        return Target(name, self.address.port, self.pids, path, self.sizes, verb, self.token, jobs)

    def pids(self):
        return {name: self.stack.pid(name) for name in self.stack.processes}

    def rows(self):
        """Lets runs wait, as many as the rows that are asked for."""
        self.stack.dray("maintenance", "on", "--reason", "bench")
        for i in range(ROWS):
            ask(self.address, self.token, "POST", f"/api/v1/jobs/bench-{i % self.sizes['jobs']}/runs")
        return ask(self.address, self.token, "GET", f"/api/v1/runs?limit={ROWS}")["runs"]


def reads(drayage, peers, sizes):
    table = Table(f"{ROWS} rows as JSON over HTTP, {CONNECTIONS} connections")
    ours, uncached = (drayage.target(OURS, "/api/v1/status"),
                      drayage.target(OURS_UNCACHED, f"/api/v1/runs?limit={ROWS}"))
    targets = [ours, uncached, *peers.targets("/rows", sizes)]
    targets += [Target(CACHED, t.port, t.pids, "/cached", sizes) for t in targets if t.name == FLOOR]
    values = compare(table, targets, (FLOOR, CACHED, FLASK, NODE), sizes["rounds"])
    for text in peers.missing:
        table.note(text)
    if FLASK in values:
        table.goal("status, x Flask's requests", ratios(values[OURS], values[FLASK]), "≥", 30, ours.limited_by)
        table.goal("status, x Flask's p95", p95_ratios(ours, targets, FLASK), "≤", 0.05, ours.limited_by)
    table.goal("list of runs, x floor with SQLite", ratios(values[OURS_UNCACHED], values[FLOOR]), "≥", 0.8,
               uncached.limited_by)
    return table


def starts(drayage, peers, sizes):
    table = Table(f"Runs started over HTTP, durable when answered, {CONNECTIONS} connections")
    ours = drayage.target(START, "/api/v1/jobs/bench-{}/runs", "post", sizes["jobs"])
    targets = [ours, *peers.targets("/runs", sizes, "post")]
    values = compare(table, targets, (FLOOR, FLASK, NODE), sizes["rounds"])
    table.note("Drayage also runs what is started: its CPU is that of all its processes; of the others, Flask "
               "and Node.js run `true`, the floor stores a row")
    if FLASK in values:
        table.goal("starts, x Flask's", ratios(values[START], values[FLASK]), "≥", 20, ours.limited_by)
    return table


def run(sizes):
    workers = [f"noop{i + 1}" for i in range(2)]
    folder = tempfile.mkdtemp(prefix="dray-peers-")
    with contextlib.ExitStack() as exits:
        exits.callback(shutil.rmtree, folder, ignore_errors=True)
        stack = exits.enter_context(Stack(workers=workers, slots=64, notifier=True))
        drayage = Drayage(stack, sizes)
        peers = Peers(exits, folder, drayage.rows())
        yield reads(drayage, peers, sizes)
        stack.dray("maintenance", "off")
        yield starts(drayage, peers, sizes)
