"""How many durable lives of runs a second, one at a time and with many in flight."""

import contextlib
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile

from programs import HERE, Fsyncs, Skip, Stack, beanstalkd, cpu_seconds, measure, redis
from table import Table, ratios, rounds

# In flight: enough that drayd's commits are shared by hundreds of runs.
WORKERS, SLOTS, JOBS, IN_FLIGHT = 4, 256, 1024, 2048
DISK, CHAIN = "this disk, fdatasync", "bare chain: 12 hops, 4 fsyncs, no work"
NORMAL = {"rounds": 5, "single": 2000, "many": 60_000, "peer": 10_000, "seconds": 1}
QUICK = {"rounds": 5, "single": 500, "many": 10_000, "peer": 3000, "seconds": 1}
SMOKE = {"rounds": 1, "single": 20, "many": 100, "peer": 50, "seconds": 1}


def children_seconds():
    """CPU time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Drayage:
    """The real processes; remembers what each life cost them."""

    def __init__(self, stack):
        self.stack = stack
        self.fsyncs, self.spool_fsyncs, self.cpu, self.shares = [], [], {}, []
        self.life_us = []

    def run(self, in_flight, runs):
        pids = {name: self.stack.pid(name) for name in self.stack.processes}
        with contextlib.ExitStack() as stack:
            counters = {name: stack.enter_context(Fsyncs(pid)) for name, pid in pids.items()
                        if name != "broker"}
            before = {name: cpu_seconds(pid) for name, pid in pids.items()}
            children = children_seconds()
            result = self.stack.load("life", jobs=JOBS, in_flight=in_flight, runs=runs)[0]
            used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
            used["bench-load"] = children_seconds() - children
        if counters["drayd"].count is not None:
            self.fsyncs.append(counters["drayd"].count / runs)
            self.spool_fsyncs.append(
                sum(c.count for n, c in counters.items() if n != "drayd") / runs)
        for name, seconds in used.items():
            self.cpu.setdefault(name, []).append(seconds / runs * 1e6)
        self.shares.append({name: seconds / result["seconds"] for name, seconds in used.items()})
        self.life_us.append(result["life_us_p50"])
        return result["rate"]

    def limited_by(self):
        """The process that used most of a CPU, in the last round."""
        name, share = max(self.shares[-1].items(), key=lambda item: item[1])
        total = sum(self.shares[-1].values())
        return f"{name} at {share:.0%} of a CPU, all of Drayage and the load at {total:.0%}"

    def steps(self, values):
        """What follows one after the other in the life of a single run."""
        alone = statistics.median(ratios(values[CHAIN], values["beanstalkd -f0"]))
        fsyncs = 4e6 / statistics.median(values[DISK])
        cpu = ", ".join(f"{name} {statistics.median(used):.0f}"
                        for name, used in sorted(self.cpu.items()) if statistics.median(used) >= 1)
        return (f"its chain: 12 hops and 4 fsyncs, where beanstalkd has 4 and 2, are {alone:.2g} x "
                f"over bare sockets without any work; of {statistics.median(self.life_us):.0f} us "
                f"a life, {fsyncs:.0f} are fsyncs, the rest hops over the bus (three wake-ups each) "
                f"and CPU on the way, us: {cpu}")


def peer_cases(stack, sizes, in_flight, table):
    jobs = sizes["single"] if in_flight == 1 else sizes["peer"]
    cases = {}
    try:
        server = stack.enter_context(beanstalkd())
        cases["beanstalkd -f0"] = lambda: measure(
            "bench-beanstalkd", "life", "--socket", server.socket, "--in-flight",
            min(in_flight, 256), "--jobs", jobs)[0]["rate"]
    except Skip as why:
        table.note(f"skipped: {why}")
    try:
        server_redis = stack.enter_context(redis())
        cases["BullMQ, appendfsync always"] = lambda: json.loads(subprocess.run(
            ["node", HERE / "bullmq.mjs", server_redis.socket, str(in_flight), str(jobs)],
            capture_output=True, text=True, check=True).stdout)["rate"]
    except Skip as why:
        table.note(f"skipped: {why}")
    return cases


def disk_cases(folder, seconds, rows):
    return {
        DISK: lambda: measure(
            "bench-disk", "fdatasync", "--dir", folder, "--seconds", seconds)[0]["rate"],
        f"bare SQLite, {rows} row{'s' if rows > 1 else ''} per commit": lambda: measure(
            "bench-disk", "sqlite", "--dir", folder, "--seconds", seconds, "--rows",
            rows)[0]["rows"],
    }


def one_table(drayage, sizes, in_flight):
    single = in_flight == 1
    table = Table("Durable run life cycles per second, " +
                  ("one at a time" if single else f"{in_flight} in flight"))
    table.columns("who", "per second", "x fdatasync", "x beanstalkd -f0", "x BullMQ always")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dray-disk-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cases = {"Drayage": lambda: drayage.run(in_flight,
                                                sizes["single" if single else "many"])}
        cases |= disk_cases(folder, sizes["seconds"], 1 if single else 100)
        if single:
            cases[CHAIN] = lambda: measure("bench-chain", "life", "--dir", folder, "--runs",
                                           sizes["single"])[0]["rate"]
        cases |= peer_cases(stack, sizes, in_flight, table)
        values = rounds(sizes["rounds"], cases)
    bases = [values.get(n, []) for n in (DISK, "beanstalkd -f0",
                                         "BullMQ, appendfsync always")]
    for name, rates in values.items():
        table.row(name, rates, *(ratios(rates, base) for base in bases))
    ours = values["Drayage"]
    if single:
        table.goal("x beanstalkd -f0", ratios(ours, bases[1]), "≥", 0.5,
                   lambda: drayage.steps(values))
        # Three commits; what checkpoints of the write-ahead log add is a hundredth.
        table.goal("fsyncs of drayd per run, to a tenth", [round(f, 1) for f in drayage.fsyncs],
                   "≤", 3)
    else:
        table.goal("x fdatasync", ratios(ours, bases[0]), "≥", 1.7, drayage.limited_by)
        table.goal("x beanstalkd -f0", ratios(ours, bases[1]), "≥", 4, drayage.limited_by)
        table.goal("x BullMQ always", ratios(ours, bases[2]), "≥", 2, drayage.limited_by)
        table.goal("fsyncs of drayd per run", drayage.fsyncs, "≤", 0.05)
    if drayage.fsyncs:
        table.row("fsyncs per run: workers' spools", drayage.spool_fsyncs)
    else:
        table.note("fsyncs are not counted: perf is missing or may not read tracepoints")
    for name, used in sorted(drayage.cpu.items()):
        table.row(f"CPU us per run: {name}", used)
    table.row("us from ENQUEUE to run.finished, p50", drayage.life_us)
    return table


def run(sizes):
    workers = [f"noop{i + 1}" for i in range(WORKERS)]
    with Stack(workers=workers, slots=SLOTS) as stack:
        stack.remote("bench-files", {"type": "local"})
        stack.load("jobs", jobs=JOBS)
        stack.load("life", jobs=JOBS, in_flight=64, runs=sizes["single"])  # warm
        yield one_table(Drayage(stack), sizes, 1)
        yield one_table(Drayage(stack), sizes, IN_FLIGHT)
