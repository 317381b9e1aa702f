"""Live events to many WebSocket clients, beside `ws`, Socket.IO, Flask-SocketIO and a bare epoll writer."""

import contextlib
import json
import resource
import subprocess
import urllib.parse

from programs import BIN, HERE, PortServer, Skip, Stack, cpu_seconds, die_with_parent, memory_mb, node, system_python
from table import Table, ratios, rounds

NORMAL = {"rounds": 5, "ms": 3000, "clients": 1000, "rates": (50, 400)}
QUICK = {"rounds": 5, "ms": 1000, "clients": 1000, "rates": (50, 400)}
SMOKE = {"rounds": 1, "ms": 200, "clients": 64, "rates": (50, 400)}

OURS, FLOOR = "Drayage", "floor: epoll, frame built once"
WS, SOCKETIO, FLASK = "ws", "Socket.IO", "Flask-SocketIO, eventlet"
RUNS = 100
SOCKETIO_PATH = "/socket.io/?EIO=4&transport=websocket"
SPARE_FILES = 200


class Audience:
    """bench-watch, with all its clients connected."""

    def __init__(self, port, path, sizes, token="", socketio=False, clients=None):
        self.count = clients or sizes["clients"]
        self.process = subprocess.Popen(
            [str(a) for a in (BIN / "bench-watch", "run", "--port", port, "--path", path, "--clients", self.count,
                              "--ms", sizes["ms"], "--token", token, "--socketio", int(socketio))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent)
        self.line()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise RuntimeError(f"bench-watch: {self.process.stderr.read().strip()}")
        return json.loads(text)

    def go_on(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.line()


def measure_with(pids, audience, memory_before):
    """What the clients hear, and what it costs the processes that tell them."""
    memory = sum(map(memory_mb, pids))
    audience.go_on()  # until something is heard
    cpu = sum(map(cpu_seconds, pids))
    heard = audience.go_on()
    cpu = sum(map(cpu_seconds, pids)) - cpu
    heard["cpu_us"] = cpu / max(heard["messages"], 1) * 1e6
    heard["cpu_share"] = cpu / heard["seconds"]
    heard["kib_per_client"] = (memory - memory_before) * 1024 / audience.count
    heard["grown_mb"] = sum(map(memory_mb, pids)) - memory
    return heard


class Drayage:
    """Broker and notifier; the worker and the scheduler are played by what publishes."""

    def __init__(self, stack):
        self.stack = stack
        self.token = stack.dray("token", "create", "bench", "--scope", "read").stdout.strip()
        stack.kill("drayd")

    def measure(self, sizes, clients=None):
        self.stack.restart("notifier")
        pid = self.stack.pid("notifier")
        port = urllib.parse.urlparse((self.stack.dir / "data/notifier/address").read_text().strip()).port
        before = memory_mb(pid)
        with Audience(port, "/api/v1/events", sizes, self.token, clients=clients) as audience:
            return measure_with([pid], audience, before)

    @contextlib.contextmanager
    def publisher(self, rate):
        process = subprocess.Popen(
            [str(a) for a in (BIN / "bench-publish", "run", "--config", self.stack.config(self.stack.workers[0]),
                              "--rate", rate, "--runs", RUNS)],
            stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        try:
            if not process.stdout.readline():
                raise RuntimeError("bench-publish ended")
            yield
        finally:
            process.kill()
            process.communicate()


def measure_server(make, path, sizes, socketio):
    with make() as server:
        before = sum(map(memory_mb, server.pids()))
        with Audience(server.port, path, sizes, socketio=socketio) as audience:
            return measure_with(server.pids(), audience, before)


def peers(rate, size, clients, table):
    """{name: (how it is started, its path, does it speak Socket.IO)} of those that are there."""
    def flask_live():
        return PortServer([system_python("flask_socketio", "python3-flask-socketio python3-eventlet"),
                           HERE / "flask_live.py", "{port}", rate, size, clients])

    every = {FLOOR: (lambda: PortServer([BIN / "bench-writer", "run", "--port", "{port}", "--rate", rate,
                                         "--bytes", size]), "/", False),
             WS: (lambda: node("ws_live.mjs", "ws", rate, size, clients, needs="ws"), "/", False),
             SOCKETIO: (lambda: node("ws_live.mjs", "socketio", rate, size, clients, needs="socket.io"),
                        SOCKETIO_PATH, True),
             FLASK: (flask_live, SOCKETIO_PATH, True)}
    there = {}
    for name, (make, path, socketio) in every.items():
        try:
            make()  # is not started before it is entered
            there[name] = (make, path, socketio)
        except Skip as why:
            table.note(f"skipped: {why}")
    return there


def limited_by(results):
    last = results[-1]
    return (f"the notifier at {last['cpu_share']:.0%} of a CPU for {last['rate']:.0f} messages a second")


def one_table(drayage, rate, size, sizes):
    table = Table(f"{rate} events a second to {sizes['clients']:,} WebSocket clients, {size} bytes each")
    table.columns("who", "delivered per second", "CPU us each", "x floor", "age ms p50", "p99", "x floor",
                  "KiB a client", "MB grown")
    cases = {OURS: lambda: drayage.measure(sizes)}
    for name, (make, path, socketio) in peers(rate, size, sizes["clients"], table).items():
        cases[name] = lambda make=make, path=path, socketio=socketio: measure_server(make, path, sizes, socketio)
    results = rounds(sizes["rounds"], cases)

    def column(name, what):
        return [one[what] for one in results[name]]

    def to_floor(name, what):
        return ratios(column(name, what), column(FLOOR, what))

    for name in results:
        table.row(name, column(name, "rate"), column(name, "cpu_us"), to_floor(name, "cpu_us"),
                  column(name, "age_ms_p50"), column(name, "age_ms_p99"), to_floor(name, "age_ms_p99"),
                  column(name, "kib_per_client"), column(name, "grown_mb"))
    reason = limited_by(results[OURS])
    table.goal("CPU of a message, x floor", to_floor(OURS, "cpu_us"), "≤", 1.25, reason)
    if rate > 50:
        table.goal("age p99, x floor", to_floor(OURS, "age_ms_p99"), "≤", 2, reason)
        table.goal("MB grown under more than fits", column(OURS, "grown_mb"), "≤", 10, reason)
    table.goal("KiB a client", column(OURS, "kib_per_client"), "≤", 16)
    return table


def run(sizes):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sizes["clients"] + SPARE_FILES
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), most))
    limits = f"max_connections_per_address = {sizes['clients'] + 100}"
    with Stack(workers=["noop1"], notifier=limits) as stack:
        drayage = Drayage(stack)
        for rate in sizes["rates"]:
            with drayage.publisher(rate):
                sample = drayage.measure({**sizes, "ms": 300}, clients=1)
                yield one_table(drayage, rate, round(sample["bytes"]), sizes)
