"""Starts what is measured: the processes of Drayage, its peers and the benchmark programs."""

import contextlib
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import harness  # noqa: E402
from servers import die_with_parent  # noqa: E402

BIN = harness.BIN
FSYNC_EVENTS = "syscalls:sys_enter_fdatasync,syscalls:sys_enter_fsync"


class Skip(Exception):
    """Something that is needed is not on this machine; the text says what and how to get it."""


def measure(program, *args):
    """Runs a benchmark program and returns its lines of JSON."""
    done = subprocess.run([str(BIN / program), *map(str, args)], capture_output=True, text=True,
                          preexec_fn=die_with_parent)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(map(str, args))}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Fsyncs:
    """Counts fsync and fdatasync calls of a process, in the kernel. `count` is None where that is not
    possible."""

    def __init__(self, pid):
        self.pid, self.count, self.process = pid, None, None

    def __enter__(self):
        if shutil.which("perf"):
            control, self.ack = os.pipe(), os.pipe()
            self.process = subprocess.Popen(
                ["perf", "stat", "-x;", "-e", FSYNC_EVENTS, "-p", str(self.pid), "--delay=-1",
                 f"--control=fd:{control[0]},{self.ack[1]}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                pass_fds=(control[0], self.ack[1]), preexec_fn=die_with_parent)
            os.close(control[0])
            os.close(self.ack[1])
            with contextlib.suppress(OSError):
                os.write(control[1], b"enable\n")
                os.read(self.ack[0], 16)
            self.control = control[1]
        return self

    def __exit__(self, *_):
        if not self.process:
            return
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate()[1]
        os.close(self.control)
        os.close(self.ack[0])
        counts = [line.split(";")[0] for line in text.splitlines() if "sys_enter" in line]
        # "<not counted>": the process never ran while it was watched.
        if counts and all(c.isdigit() or c == "<not counted>" for c in counts):
            self.count = sum(int(c) for c in counts if c.isdigit())


def cpu_seconds(pid):
    """User and system time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


class Stack(harness.Stack):
    """Broker, drayd and workers that transfer nothing, or the real ones."""

    PROGRAMS = {**harness.Stack.PROGRAMS,
                **{f"noop{i}": "bench-worker" for i in range(1, 9)}, "watcher": "bench-assign"}

    def __init__(self, workers=("noop1",), **options):
        super().__init__(workers=0, **options)
        self.workers = list(workers)

    @property
    def files(self):
        return self.dir / "files"

    def pid(self, name):
        return self.processes[name].pid

    def load(self, verb, **options):
        args = [text for name, value in options.items()
                for text in ("--" + name.replace("_", "-"), value)]
        return measure("bench-load", verb, "--config", self.config(self.workers[0]), *args)


def need(program, package):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if not path:
        raise Skip(f"{program} is not installed (apt-get install {package})")
    return path


class Server:
    """A peer's server in a folder of its own, listening on a Unix socket there."""

    def __init__(self, argv):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dray-peer-"))
        self.socket = self.dir / "socket"
        self.argv = [a.format(dir=self.dir, socket=self.socket) for a in argv]

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, cwd=self.dir, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_until_up(self.process, self.socket.exists)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class PortServer:
    """A server that listens on a port of loopback, with all processes that it starts."""

    def __init__(self, argv, env=None, deadline_s=20):
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            self.port = any_port.getsockname()[1]
        self.argv = [str(a).format(port=self.port) for a in argv]
        self.env, self.deadline_s = {**os.environ, **(env or {})}, deadline_s

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, env=self.env, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=die_with_parent)
        try:
            wait_until_up(self.process, self.listens, self.deadline_s)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pids(self):
        """Of all its processes: they are a process group."""
        found = []
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit() and os.getpgid(int(entry)) == self.process.pid:
                    found.append(int(entry))
        return found


def wait_until_up(process, is_up, deadline_s=10):
    """Until a server is up, or has ended."""
    selector = selectors.DefaultSelector()
    pidfd = os.pidfd_open(process.pid)
    selector.register(pidfd, selectors.EVENT_READ)
    try:
        for _ in range(int(deadline_s * 100)):
            if is_up():
                return
            if selector.select(0.01):
                raise RuntimeError(f"{process.args[0]} ended with {process.wait()}")
        raise TimeoutError(f"{process.args[0]} does not listen")
    finally:
        os.close(pidfd)


def beanstalkd():
    return Server([need("beanstalkd", "beanstalkd"), "-b", "{dir}", "-f0", "-l", "unix:{socket}"])


def redis():
    if not (HERE / "node_modules/bullmq").is_dir():
        raise Skip("bullmq is not installed (cd tests/bench && npm ci)")
    return Server([need("redis-server", "redis-server"), "--port", "0", "--unixsocket", "{socket}",
                   "--dir", "{dir}", "--appendonly", "yes", "--appendfsync", "always", "--save", ""])


def node(script, *args, needs):
    """A server in Node.js; `needs` is the package that it is about."""
    if not (HERE / "node_modules" / needs).is_dir():
        raise Skip(f"{needs} is not installed (cd tests/bench && npm install)")
    return PortServer([need("node", "nodejs"), HERE / script, "{port}", *args])


def system_python(module, package):
    """The Python of the system, if its package is there: peers come from there."""
    python = shutil.which("python3", path="/usr/bin") or need("python3", "python3")
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode != 0:
        raise Skip(f"{module} is not installed (apt-get install {package})")
    return python


def flask_api(database):
    system_python("flask", "python3-flask gunicorn")
    gunicorn = need("gunicorn", "gunicorn")
    return PortServer([gunicorn, "-w", "2", "-b", "127.0.0.1:{port}", "--chdir", HERE, "flask_api:app"],
                      env={"BENCH_DB": str(database), "PYTHONDONTWRITEBYTECODE": "1"})
