"""What a restore takes beside the rclone commands that it stands for: copy, then compare."""

import os
import pathlib
import subprocess
import time

from programs import Stack
from table import Table, ratios, rounds

NORMAL = {"rounds": 3, "files": 10_000, "changed": 1_000}
QUICK = {"rounds": 3, "files": 2_000, "changed": 200}
SMOKE = {"rounds": 1, "files": 20, "changed": 5}


class History:
    """A job with two states; the later one replaced some of the files."""

    def __init__(self, stack, sizes):
        self.stack, self.targets = stack, 0
        self.source, self.root = stack.files / "source", stack.files / "backup"
        self.source.mkdir()
        self.write(range(sizes["files"]))
        stack.job("history", f"disk:{self.source}", f"disk:{self.root}", "--layout", "versioned",
                  "--guard", "off", "--validation", "none")
        self.first = self.backup()
        self.write(range(sizes["changed"]))
        self.last = self.backup()

    def write(self, numbers):
        for i in numbers:
            (self.source / f"file {i:05}").write_bytes(os.urandom(4096))

    def backup(self):
        run = self.stack.run("history")
        self.stack.wait(run, deadline_s=600)
        return run

    def target(self):
        self.targets += 1
        return self.stack.files / f"target {self.targets}"

    def bare(self):
        target = self.target()
        start = time.monotonic()
        for verb in (["copy"], ["check", "--one-way"]):
            subprocess.run(["rclone", *verb, "--config", "/dev/null", self.root / "current", target],
                           check=True, capture_output=True)
        return (time.monotonic() - start) * 1000

    def restore(self, run):
        target = self.target()
        start = time.monotonic()
        self.stack.dray("restore", "history", "--at", run, "--to", f"disk:{target}", "--wait",
                        timeout=600)
        took = (time.monotonic() - start) * 1000
        count = sum(1 for _ in pathlib.Path(target).iterdir())
        assert count == sum(1 for _ in self.source.iterdir()), f"{count} files in {target}"
        return took


def run(sizes):
    with Stack(workers=["worker1"], slots=2) as stack:
        stack.remote("disk", {"type": "local"})
        history = History(stack, sizes)
        table = Table(f"Wall time of a restore of {sizes['files']} files of 4 KiB, ms")
        table.columns("what", "ms", "x bare rclone")
        values = rounds(sizes["rounds"], {
            "rclone copy, then rclone check": history.bare,
            "dray restore, the newest state": lambda: history.restore(history.last),
            f"dray restore, the state before {sizes['changed']} files were replaced":
                lambda: history.restore(history.first)})
        bare = values["rclone copy, then rclone check"]
        for name, took in values.items():
            table.row(name, took, ratios(took, bare))
        table.goal("x bare rclone, the newest state",
                   ratios(values["dray restore, the newest state"], bare), "≤", 1.5)
        yield table
