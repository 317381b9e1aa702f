"""Archives beside the pipelines that people write for the same."""

import base64
import os
import shutil
import subprocess
import time

from programs import Stack, need
from servers import S3, WebDav
from table import Table, ratios, rounds

MIB = 1 << 20
NORMAL = {"rounds": 5, "large": 1024, "small": 10_000}
QUICK = {"rounds": 3, "large": 256, "small": 2000}
SMOKE = {"rounds": 1, "large": 4, "small": 20}

PIPE = 'tar -cf - -C "$1" . | zstd -q -T0 -3 | rclone rcat --config /dev/null "$2"'


def sh(script, *args):
    subprocess.run(["bash", "-o", "pipefail", "-c", script, "sh", *map(str, args)], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})


def timed(call):
    start = time.monotonic()
    call()
    return (time.monotonic() - start) * 1000


class Case:
    """One source, archived again and again; what was made is removed outside of the measured time."""

    def __init__(self, stack, name, source):
        self.stack, self.name = stack, name
        self.target = stack.files / f"{name} archives"
        stack.job(name, source, f"disk:{self.target}", "--kind", "archive")

    def clean(self):
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()

    def drayage(self):
        self.clean()
        took = timed(lambda: self.stack.dray("run", self.name, "--wait", timeout=600))
        made = [p for p in self.target.rglob("*.tar.zst")]
        assert len(made) == 1, made
        return took

    def piped(self, tree):
        self.clean()
        return timed(lambda: sh(PIPE, tree, self.target / "piped.tar.zst"))


def one_table(title, ours, theirs_name, theirs, sizes, relation, limit):
    table = Table(title)
    table.columns("who", "ms", "x the speed of the pipeline")
    values = rounds(sizes["rounds"], {theirs_name: theirs, "Drayage, archive job": ours})
    speeds = {name: ratios(values[theirs_name], took) for name, took in values.items()}
    for name, took in values.items():
        table.row(name, took, speeds[name])
    table.goal("x the speed of the pipeline", speeds["Drayage, archive job"], relation, limit)
    return table


def large(stack, sizes):
    source = stack.files / "large"
    source.mkdir()
    for i in range(4):
        with open(source / f"file {i}", "wb") as file:
            for _ in range(max(1, sizes["large"] // 4)):
                file.write(base64.b64encode(os.urandom(MIB * 3 // 4)))  # shrinks to three quarters
    case = Case(stack, "large", f"disk:{source}")
    return one_table(f"An archive of {sizes['large']} MiB of this machine in 4 files", case.drayage,
                     "tar | zstd -T0 | rclone rcat", lambda: case.piped(source), sizes, "≥", 0.9)


def small(stack, sizes, name, remote, config):
    case = Case(stack, name, remote)
    copy = stack.files / f"{name} copy"

    def copied_first():
        shutil.rmtree(copy, ignore_errors=True)
        case.clean()
        return timed(lambda: sh('rclone copy --config "$1" "$2" "$3"; ' + PIPE.replace("$2", "$4")
                                .replace("$1", "$3"), config, remote, copy,
                                case.target / "piped.tar.zst"))

    return one_table(f"An archive of {sizes['small']} objects of 4 KiB on a {name} server",
                     case.drayage, "rclone copy, then tar | zstd -T0 | rclone rcat", copied_first,
                     sizes, "≥", 1)


def fill(root, count):
    for i in range(count):
        folder = root / f"{i // 100:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.bin").write_bytes(os.urandom(4096))


def run(sizes):
    for program in ("tar", "zstd"):
        need(program, program)
    with Stack(workers=["worker1"], slots=2, runs_in_memory=True) as stack:
        stack.remote("disk", {"type": "local"})
        yield large(stack, sizes)
        tree = stack.dir / "tree"
        fill(tree, sizes["small"])
        with WebDav(tree) as server:
            stack.remote("webdav", server.settings())
            yield small(stack, sizes, "webdav", "webdav:", stack.dir / "webdav.conf")
        with S3(stack.dir / "s3") as server:
            stack.remote("s3", server.settings())
            sh('rclone copy --config "$1" "$2" s3:data/tree', stack.dir / "s3.conf", tree)
            yield small(stack, sizes, "s3", "s3:data/tree", stack.dir / "s3.conf")
