"""How long a worker waits for what was asked, and how long a transfer goes on that was cancelled."""

import contextlib
import pathlib
import shutil
import time

from programs import BIN, Stack, measure
from table import Table, ratios, spread

NORMAL = {"rounds": 5, "runs": 500, "cancels": 40}
QUICK = {"rounds": 5, "runs": 200, "cancels": 20}
SMOKE = {"rounds": 1, "runs": 10, "cancels": 2}
RATE = 100


def dispatch(sizes):
    table = Table(f"Dispatch latency at {RATE} runs per second, us")
    table.columns("from ENQUEUE to", "p50", "p99")
    results, chains = [], []
    stack = Stack(workers=["watcher"], slots=64)
    stack.env["watcher"] = {"DRAY_BENCH_JOURNAL": str(stack.dir / "journal")}
    with stack:
        stack.remote("bench-files", {"type": "local"})
        stack.load("jobs", jobs=256)
        for _ in range(sizes["rounds"]):
            results.append(stack.load("latency", jobs=256, rate=RATE, runs=sizes["runs"],
                                      journal=stack.dir / "journal")[0])
            chains.append(measure("bench-chain", "dispatch", "--dir", stack.dir, "--runs",
                                  sizes["runs"], "--rate", RATE)[0])
    for text, name in (("ENQUEUED (queued, durable)", "ack_us"),
                       ("the worker receives ASSIGN", "assign_us"),
                       ("the worker receives START (accepted, durable)", "start_us")):
        table.row(text, *([r[f"{name}_{p}"] for r in results] for p in ("p50", "p99")))
    table.row("the worker over bare sockets: 4 hops, 1 fdatasync, no work",
              *([c[f"worker_us_{p}"] for c in chains] for p in ("p50", "p99")))
    assigned = [r["assign_us_p50"] for r in results]
    bare = [c["worker_us_p50"] for c in chains]
    table.goal("enqueue to ASSIGN received p50, us", assigned, "≤", 1000,
               f"the machine: the same hops and fdatasync without any work take "
               f"{spread(bare)} us here, the rest is {spread(ratios(assigned, bare))} of that")
    return table


class Journal:
    """What bench-transfer notes: {run: {"began": ns, "stopped": ns}}."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def read(self):
        notes = {}
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                run, what, at = line.split()
                notes.setdefault(int(run), {})[what] = int(at)
        return notes

    def has(self, what, runs):
        notes = self.read()
        return all(what in notes.get(run, {}) for run in runs)


def percentile(values, percent):
    return sorted(values)[int((len(values) - 1) * percent / 100)]


def cancel_round(stack, journal, cancels):
    runs = [int(r["run"]) for r in stack.load("enqueue", jobs=cancels)]
    stack.wait_until(lambda: journal.has("began", runs), "the transfers to begin")
    asked = {}
    for run in runs:
        asked[run] = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        stack.dray("cancel", run, "--reason", "bench")
    stack.wait_until(lambda: journal.has("stopped", runs), "the transfers to be stopped")
    for run in runs:
        stack.wait(run)
    notes = journal.read()
    return [(notes[run]["stopped"] - asked[run]) / 1e6 for run in runs]


def cancel(sizes):
    table = Table("Cancel latency, ms")
    table.columns("from starting `dray cancel` to", "p50", "p99")
    count = sizes["cancels"]
    with contextlib.ExitStack() as exits:
        stack = Stack(workers=["worker1"], slots=count)
        program = stack.dir / "transfer/rclone"
        program.parent.mkdir()
        shutil.copy(BIN / "bench-transfer", program)
        stack.worker_config = f'rclone = "{program}"'
        exits.enter_context(stack)
        stack.remote("bench-files", {"type": "local"})
        stack.load("jobs", jobs=count, root=stack.files)
        journal = Journal(program.parent / "journal")
        results = [cancel_round(stack, journal, count) for _ in range(sizes["rounds"])]
    p99 = [percentile(r, 99) for r in results]
    table.row("SIGTERM delivered to the transfer", [percentile(r, 50) for r in results], p99)
    table.goal("cancel to SIGTERM p99, ms", p99, "≤", 50)
    return table

