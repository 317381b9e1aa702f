"""How drayd starts with a long history, and whether many jobs make the next one slower."""

import shutil
import time

from programs import Stack, measure, memory_mb
from table import Table, ratios

NORMAL = {"rounds": 5, "jobs": 100_000, "runs": 1_000_000, "steps": 1000}
QUICK = {"rounds": 5, "jobs": 100_000, "runs": 100_000, "steps": 1000}
SMOKE = {"rounds": 1, "jobs": 100, "runs": 100, "steps": 100}


def start(sizes):
    table = Table(f"Start of drayd with {sizes['jobs']:,} jobs and {sizes['runs']:,} ended runs")
    table.columns("what", "figure")
    ready, memory = [], []
    stack = Stack(workers=[])
    try:
        database = stack.dir / "data/scheduler/dray.db"
        database.parent.mkdir(parents=True, mode=0o700)
        stack.workers = ["worker1"]  # whose name the configuration files carry
        measure("bench-fill", "run", "--database", database, "--jobs", sizes["jobs"], "--runs",
                sizes["runs"])
        stack.start("broker")
        for _ in range(sizes["rounds"]):
            begin = time.monotonic()
            stack.start("drayd")
            ready.append((time.monotonic() - begin) * 1000)
            memory.append(memory_mb(stack.pid("drayd")))
            stack.kill("drayd")
    finally:
        for name in list(stack.processes):
            stack.kill(name)
        shutil.rmtree(stack.dir, ignore_errors=True)
    table.row("ms from exec to READY", ready)
    table.row("resident MB when ready", memory)
    table.goal("ms to READY", ready, "≤", 1000)
    table.goal("resident MB", memory, "≤", 100)
    return table


def next_due(sizes):
    few, many = max(sizes["jobs"] // 100, 10), sizes["jobs"]
    table = Table("What one due occurrence costs the scheduler core, us")
    table.columns("jobs", "p50", "p99", "x few jobs (p50)")
    values = {few: [], many: []}
    for _ in range(sizes["rounds"]):
        for jobs, results in values.items():
            results.append(measure("bench-core", "due", "--jobs", jobs, "--steps",
                                   sizes["steps"])[0])
    p50 = {jobs: [r["step_us_p50"] for r in results] for jobs, results in values.items()}
    for jobs, results in values.items():
        table.row(f"{jobs:,}", p50[jobs], [r["step_us_p99"] for r in results],
                  ratios(p50[jobs], p50[few]))
    # A heap of a hundred times the jobs is seven levels deeper, and its lines are in no cache.
    table.goal("x as dear with 100 x the jobs", ratios(p50[many], p50[few]), "≤", 3)
    return table


def run(sizes):
    yield start(sizes)
    yield next_due(sizes)
