"""Parts that can be measured alone: the log parser and the start of a child."""

from programs import BIN, HERE, measure
from table import Table, ratios

NORMAL = {"rounds": 5, "log_mib": 64, "heap_mib": 1024, "count": 50}
QUICK = {"rounds": 5, "log_mib": 32, "heap_mib": 1024, "count": 20}
SMOKE = {"rounds": 1, "log_mib": 1, "heap_mib": 8, "count": 3}


def parser(sizes):
    table = Table("Log parser, GB/s on one core")
    table.columns("who", "GB/s", "x parse_many")
    results = measure("bench-parser", "run", "--logs", HERE.parent / "golden/rclone", "--mib",
                      sizes["log_mib"], "--rounds", sizes["rounds"])
    values = {name: [r[name] for r in results] for name in ("ours", "parse_many", "memchr")}
    table.row("Drayage, typed records", values["ours"], ratios(values["ours"], values["parse_many"]))
    table.row("simdjson parse_many", values["parse_many"], [1])
    table.row("floor: memchr for line ends", values["memchr"],
              ratios(values["memchr"], values["parse_many"]))
    table.goal("GB/s", values["ours"], "≥", 1)
    return table


def spawn(sizes):
    table = Table(f"Spawn from a process with a heap of {sizes['heap_mib']} MiB, us until it runs on")
    table.columns("how", "us", "x posix_spawn")
    results = measure("bench-spawn", "run", "--guard", BIN / "dray-guard", "--mib",
                      sizes["heap_mib"], "--count", sizes["count"], "--rounds", sizes["rounds"])
    small = measure("bench-spawn", "run", "--guard", BIN / "dray-guard", "--mib", 2, "--count",
                    sizes["count"], "--rounds", sizes["rounds"])
    base = [r["posix_spawn"] for r in results]
    for text, name in (("Drayage: guard and command", "ours"), ("posix_spawn", "posix_spawn"),
                       ("vfork", "vfork"), ("fork", "fork"),
                       ("Drayage: until all of it is gone", "ours_gone")):
        values = [r[name] for r in results]
        table.row(text, values, ratios(values, base))
    table.row("Drayage with a heap of 2 MiB", [r["ours"] for r in small])
    table.goal("x the time with a small heap",
               ratios([r["ours"] for r in results], [r["ours"] for r in small]), "≤", 1.5)
    return table


def run_parser(sizes):
    yield parser(sizes)


def run_spawn(sizes):
    yield spawn(sizes)
