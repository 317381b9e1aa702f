"""What a run adds to the rclone command that it stands for."""

import os
import pathlib
import subprocess
import time

from programs import Stack
from table import Table, ratios, rounds

MIB = 1 << 20
# Above 256 MiB this measures how fast a virtual machine gets pages from its host.
NORMAL = {"rounds": 5, "files": 10_000, "big": 1024}
QUICK = {"rounds": 5, "files": 2000, "big": 256}
SMOKE = {"rounds": 1, "files": 5, "big": 1}


class Case:
    """One source, copied again and again, each time to a new place: deleting small files would slow
    down whoever makes files next, so only big ones are removed."""

    def __init__(self, stack, name, count, size, remove=False):
        self.stack, self.name, self.remove, self.copies = stack, name, remove, 0
        self.source = stack.files / name
        self.source.mkdir()
        block = os.urandom(min(size, MIB))
        for i in range(count):
            with open(self.source / f"file {i:04}.bin", "wb") as file:
                for _ in range(max(1, size // MIB)):
                    file.write(block)

    def target(self):
        self.copies += 1
        return self.stack.files / f"{self.name} copy {self.copies}"

    def done(self, target):
        copied = sum(1 for p in target.iterdir())
        assert copied == sum(1 for p in self.source.iterdir()), f"{copied} files in {target}"
        if self.remove:
            for path in target.iterdir():
                path.unlink()

    def bare(self, *flags):
        target = self.target()
        start = time.monotonic()
        subprocess.run(["rclone", "sync", "--config", "/dev/null", *flags, self.source, target],
                       check=True, capture_output=True)
        took = time.monotonic() - start
        self.done(target)
        return took * 1000

    def run(self):
        target = self.target()
        job = f"{self.name}-{self.copies}"
        self.stack.job(f"{job}-0", f"disk:{self.source}", f"disk:{target}", "--overlap", "allow", "--guard", "off", "--validation", "none")
        took = self.stack.load("life", name=job, jobs=1, in_flight=1, runs=1, progress=1)[0]
        self.done(target)
        return took["life_us_p50"] / 1000


def one_table(case, sizes, title, goal):
    table = Table(f"Wall time of {title}, ms")
    table.columns("who", "ms", "x bare rclone")
    values = rounds(sizes["rounds"], {
        "rclone sync": case.bare,
        "rclone sync --use-json-log -v --stats 1s": lambda: case.bare(
            "--use-json-log", "-v", "--stats", "1s"),
        "Drayage, queued to outcome durable, watched": case.run})
    bare = values["rclone sync"]
    for name, took in values.items():
        table.row(name, took, ratios(took, bare))
    goal(table, values["Drayage, queued to outcome durable, watched"], bare)
    return table


def more_than(limit_ms):
    return lambda table, ours, bare: table.goal(
        "ms more than bare rclone", [a - b for a, b in zip(ours, bare)], "≤", limit_ms)


def times(limit):
    return lambda table, ours, bare: table.goal("x bare rclone", ratios(ours, bare), "≤", limit)


def run(sizes):
    with Stack(workers=["worker1"], slots=2) as stack:
        stack.remote("disk", {"type": "local"})
        yield one_table(Case(stack, "small", 1, 4096), sizes, "a run with one file of 4 KiB",
                        more_than(10))
        yield one_table(Case(stack, "many", sizes["files"], 4096), sizes,
                        f"a run with {sizes['files']} files of 4 KiB", times(1.05))
        yield one_table(Case(stack, "big", 1, sizes["big"] * MIB, remove=True), sizes,
                        f"a run with one file of {sizes['big']} MiB", times(1.05))
