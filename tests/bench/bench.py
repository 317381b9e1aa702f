"""Runs benchmarks and prints their tables. Usage: bench.py [--quick | --smoke] [--list] [NAME...]"""

import argparse
import sys
import time

import archives
import bandwidth
import fanout
import http_api
import latency
import lifecycle
import micro
import page
import restore
import startup
import transfers
from table import Table

# name: (what it shows, its module, its call)
BENCHES = {
    "life": ("durable run life cycles per second, fsyncs and CPU per run", lifecycle, lifecycle.run),
    "dispatch": ("from ENQUEUE to the worker", latency, lambda s: iter([latency.dispatch(s)])),
    "cancel": ("from `dray cancel` to SIGTERM", latency, lambda s: iter([latency.cancel(s)])),
    "transfers": ("a run beside the bare rclone command", transfers, transfers.run),
    "restore": ("a restore beside the bare rclone commands", restore, restore.run),
    "archive": ("an archive beside tar | zstd | rclone rcat", archives, archives.run),
    "bandwidth": ("how well a cap over running transfers is kept", bandwidth, bandwidth.run),
    "parser": ("rclone's log to typed records", micro, micro.run_parser),
    "startup": ("drayd with many jobs and a long history", startup, startup.run),
    "api": ("the notifier's API beside Flask and Node.js", http_api, http_api.run),
    "live": ("live events to many clients beside ws and Socket.IO", fanout, fanout.run),
    "page": ("the web page with a long history and many runs that move", page, page.run),
    "spawn": ("a child from a large process", micro, micro.run_spawn),
}


def arguments():
    parser = argparse.ArgumentParser(prog="ops/bench", description="Prints benchmarks as ratios.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="smaller sizes, some minutes")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: does everything work?")
    parser.add_argument("--list", action="store_true", help="what there is")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in BENCHES:
            parser.error(f"there is no benchmark '{name}': it is one of {', '.join(BENCHES)}")
    return chosen


def main():
    chosen = arguments()
    if chosen.list:
        for name, (text, *_) in BENCHES.items():
            print(f"{name:10} {text}")
        return 0
    failed = 0
    start = time.monotonic()
    for name in chosen.names or BENCHES:
        _, module, run = BENCHES[name]
        sizes = module.SMOKE if chosen.smoke else module.QUICK if chosen.quick else module.NORMAL
        try:
            for table in run(sizes):
                table.print()
        except Exception as error:  # the other benchmarks are worth having all the same
            failed += 1
            print(f"\n== {name}: FAILED: {error}", flush=True)
    print(f"\n{Table.missed} goals missed, {failed} benchmarks failed, "
          f"{time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
