"""How well a cap over several running transfers is kept, and how soon shares follow."""

import time

from programs import Stack  # first: it says where the others are
from bandwidth_test import Meter, SlowWebDav
from servers import WebDav
from table import Table

NORMAL = {"seconds": 60, "cap": 4_000_000}
QUICK = {"seconds": 25, "cap": 4_000_000}
SMOKE = {"seconds": 12, "cap": 1_000_000}
# Above 250 MiB rclone writes a file in several places at once: its size is then no longer what has
# arrived of it.
FILE_BYTES = 40_000_000


def fill(folder, size):
    """At least so many bytes, in files whose growth shows what arrives."""
    folder.mkdir()
    for i in range(size // FILE_BYTES + 1):
        with open(folder / f"{i}.bin", "wb") as file:
            file.truncate(FILE_BYTES)


def first_byte(meter, target, began, until):
    """Seconds from `began` until the first byte of a transfer has arrived: so long its share of the
    cap stands still."""
    while time.monotonic() < until:
        if any(path.stat().st_size for path in target.rglob("*") if path.is_file()):
            return time.monotonic() - began
        meter.stopped.wait(0.05)
    return until - began


def settle(stack, good):
    """Seconds until every share is confirmed and `good`."""
    start = time.monotonic()
    stack.wait_until(lambda: (rows := stack.json("bandwidth", "show")["runs"]) and
                     all(r["confirmed"] for r in rows) and good(rows), "shares to settle")
    return time.monotonic() - start


def run(sizes):
    cap = sizes["cap"]
    with Stack(workers=["worker1", "worker2"], slots=2) as stack, \
            WebDav(stack.dir / "fast") as fast, SlowWebDav(stack.dir / "slow") as slow:
        target = stack.files / "target"
        target.mkdir(parents=True)
        stack.remote("disk", {"type": "local"})
        stack.remote("fast", fast.settings())
        stack.remote("slow", slow.settings())
        stack.dray("settings", "set", "global_max_bandwidth_kbps", str(cap // 1000))
        for name, server in (("one", fast), ("two", fast), ("three", slow)):
            fill(server.root / name, 2 * sizes["seconds"] * cap if server is fast else FILE_BYTES)
            stack.job(name, f"{'fast' if server is fast else 'slow'}:{name}", f"disk:{target}/{name}")
        table = Table("A bandwidth cap over two fast transfers and a slow one, two workers")
        table.columns("what", "value")
        with Meter(target) as meter:
            stack.run("one")
            stack.wait_until(lambda: meter.samples and meter.samples[-1][1] > 0, "the first bytes")
            began = time.monotonic()
            stack.run("two")
            second = settle(stack, lambda rows: len(rows) == 2 and
                            all(r["share"] <= 0.51 * cap for r in rows))
            third_began = time.monotonic()
            third_run = stack.run("three")
            third = settle(stack, lambda rows: len(rows) == 3)
            idle = first_byte(meter, target / "two", began, began + sizes["seconds"])
            slow_idle = first_byte(meter, target / "three", third_began, began + sizes["seconds"])
            stack.wait_until(lambda: time.monotonic() - began > sizes["seconds"], "the time to be over",
                             sizes["seconds"] + 30)
            busy = time.monotonic()
            stack.dray("cancel", third_run, "--wait")
            end = settle(stack, lambda rows: len(rows) == 2 and
                         all(r["share"] >= 0.48 * cap for r in rows))
            stack.dray("cancel", "--all", "--wait")
        rates = meter.rates(since=began, until=busy)
        table.row("a start is followed, s", [second])
        table.row("another start is followed, s", [third])
        table.row("an end is followed, s", [end])
        table.row("most over any 10 s, x cap", [max(meter.rates()) / cap])
        table.row("all of the time with demand, x cap", [sum(rates) / len(rates) / cap])
        table.row("least over any 10 s with demand, x cap", [min(rates) / cap])
        table.goal("most over any 10 s, x cap", [max(meter.rates()) / cap], "≤", 1.05)
        table.goal("all of the time with demand, x cap", [sum(rates) / len(rates) / cap], "≥", 0.9)
        table.note(f"in its least 10 s, {idle:.1f} s and {slow_idle:.1f} s from two starts to their first "
                   f"bytes, and until the slow one is known to be slow, shares stand still")
        table.goal("s until shares follow", [max(second, third, end)], "≤", 3)
        yield table
