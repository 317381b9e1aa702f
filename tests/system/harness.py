"""The whole of Drayage as real processes in a folder of its own, for tests that ask it the way its users
do: through the command line. Nothing here sleeps: it waits for readiness messages, for events and for
the end of processes, each with a deadline."""

import contextlib
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from servers import die_with_parent

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DRAY_BIN_DIR", SOURCE_DIR / "build/bin"))
# Instrumented builds are slower: every deadline is multiplied.
SLOWNESS = float(os.environ.get("DRAY_TEST_SLOWNESS", "1"))

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT = 0, 1, 2, 3, 4, 5
WARNING, CANCELLED, INVALID, UNREACHABLE, TIMED_OUT = 6, 7, 8, 9, 10
TERMINAL = {"succeeded", "warning", "failed", "cancelled", "skipped", "missed"}
# Runs that are one process: for tests that look at that process.
TRANSFER_ONLY = ("--guard", "off", "--validation", "none")


class Notify:
    """The receiving end of a service's readiness messages."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def wait_ready(self, process, deadline_s=30):
        selector = selectors.DefaultSelector()
        selector.register(self.socket, selectors.EVENT_READ)
        pidfd = os.pidfd_open(process.pid)
        selector.register(pidfd, selectors.EVENT_READ)
        try:
            end = time.monotonic() + deadline_s * SLOWNESS
            while (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fd == pidfd:
                        raise RuntimeError(f"{process.args[0]} ended with {process.wait()}")
                    if b"READY=1" in self.socket.recv(65536):
                        return
            raise TimeoutError(f"{process.args[0]} did not become ready")
        finally:
            os.close(pidfd)

    def close(self):
        self.socket.close()
        os.unlink(self.path)


class Events:
    """`dray events -f --json`: wakes up when anything is committed."""

    def __init__(self, stack, *flags):
        self.process = subprocess.Popen(stack.argv("events", "-f", "--json", *flags),
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def wait(self, seconds):
        """Returns at the next event, or after `seconds`: then the caller looks by itself."""
        if self.selector.select(seconds) and not os.read(self.process.stdout.fileno(), 1 << 16):
            self.selector.unregister(self.process.stdout)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Stack:
    PROGRAMS = {"broker": "dray-broker", "drayd": "drayd", "notifier": "dray-notifier"}

    def __init__(self, workers=1, slots=2, lease="10m", config="", worker_config="", env=None,
                 job_flags=(), runs_in_memory=False, notifier=False):
        # Unix socket paths are limited to 107 bytes: a short folder.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dray-"))
        # The private directories of runs: in memory, as below /run on most machines, or not.
        self.work_dir = self.dir / "run"
        if runs_in_memory:
            self.work_dir = pathlib.Path(tempfile.mkdtemp(prefix="dray-", dir="/dev/shm"))
        self.config_text, self.worker_config = config, worker_config
        self.slots, self.lease, self.env = slots, lease, env or {}
        self.job_flags = job_flags  # of every job that the test makes
        self.workers = [f"worker{i + 1}" for i in range(workers)]
        self.notifier = notifier  # True, or further lines of its configuration
        self.processes, self.logs = {}, {}

    # ── Life ──────────────────────────────────────────────────────────────────────────────────
    def __enter__(self):
        for name in ["broker", "drayd", *self.workers, *(["notifier"] if self.notifier else [])]:
            self.start(name)
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.processes)):
            self.kill(name, signal.SIGKILL)
        self.assert_no_rclone()
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.work_dir, ignore_errors=True)

    def config(self, name):
        path = self.dir / f"{name}.toml"
        if not path.exists():
            path.write_text(self.render_config(name))
        return path

    def render_config(self, name):
        worker = name if name in self.workers else self.workers[0]
        return f"""
[paths]
data_dir = "{self.dir}/data"
run_dir = "{self.dir}/run"
[scheduler]
lease = "{self.lease}"
[worker]
name = "{worker}"
slots = {self.slots}
key_file = "{self.dir}/data/worker.key"
work_dir = "{self.work_dir}/{worker}"
spool_dir = "{self.dir}/data/{worker}/spool"
log_dir = "{self.dir}/data/{worker}/logs"
local_roots = ["{self.dir}/files"]
{self.worker_config}
[notifier]
listen = ["127.0.0.1:0"]
{self.notifier if isinstance(self.notifier, str) else ""}
{self.config_text}
"""

    def start(self, name):
        (self.dir / "files").mkdir(exist_ok=True)
        notify = Notify(self.dir / f"{name}.notify")
        program = self.PROGRAMS.get(name, "dray-worker")
        log = open(self.dir / f"{name}.log", "ab")
        process = subprocess.Popen(
            [str(BIN / program), "--config", str(self.config(name))], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, preexec_fn=die_with_parent,
            env={"PATH": os.environ["PATH"], "HOME": str(self.dir), "NOTIFY_SOCKET": notify.path,
                 **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")},
                 **self.env.get(name, {})})
        log.close()
        self.processes[name] = process
        try:
            notify.wait_ready(process)
        except Exception:
            print(self.log(name)[-4000:])
            raise
        finally:
            notify.close()

    def kill(self, name, how=signal.SIGKILL):
        process = self.processes.pop(name, None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            process.wait(60 * SLOWNESS)

    def restart(self, name, how=signal.SIGKILL):
        self.kill(name, how)
        self.start(name)

    def signal(self, name, how):
        self.processes[name].send_signal(how)

    def log(self, name):
        return (self.dir / f"{name}.log").read_text(errors="replace")

    # ── Command line ──────────────────────────────────────────────────────────────────────────
    def argv(self, *args):
        return [str(BIN / "dray"), "--config", str(self.config(self.workers[0])),
                *map(str, args)]

    def dray(self, *args, expect=OK, timeout=60, input=None):
        done = subprocess.run(self.argv(*args), capture_output=True, text=True, errors="replace",
                              timeout=timeout * SLOWNESS, input=input,
                              stdin=subprocess.DEVNULL if input is None else None)
        if expect is not None and done.returncode != expect:
            logs = "\n".join(f"--- {n}\n{self.log(n)[-3000:]}" for n in self.processes)
            raise AssertionError(f"dray {' '.join(map(str, args))}: exit {done.returncode}, expected "
                                 f"{expect}\n{done.stdout}\n{done.stderr}\n{logs}")
        return done

    def json(self, *args, **options):
        return json.loads(self.dray(*args, "--json", **options).stdout)

    def remote(self, name, settings):
        """Takes a remote in the way people do: from an rclone.conf."""
        path = self.dir / f"{name}.conf"
        path.write_text(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
        self.dray("remote", "import", path)

    def job(self, name, source, destination, *flags, **options):
        """The plainest job unless the flags say otherwise."""
        flags = (*self.job_flags, *flags)
        if "--layout" not in flags:
            flags = ("--layout", "mirror", *flags)
        return self.dray("job", "add", name, "--from", source, "--to", destination, *flags,
                         **options)

    def run(self, job, *flags):
        """Starts a run and returns its number."""
        return self.json("run", job, *flags)["run"]

    def show(self, run):
        return self.json("runs", "show", run)

    def state(self, run):
        return self.show(run)["run"]["state"]

    def wait(self, run, states=TERMINAL, deadline_s=60):
        """Waits until the run is in one of these states and returns what `runs show` says."""
        states = {states} if isinstance(states, str) else states
        return self.wait_until(lambda: (s := self.show(run)) and s["run"]["state"] in states and s,
                               f"run {run} to be {states}", deadline_s,
                               on_failure=lambda: json.dumps(self.show(run), indent=1))

    def wait_until(self, condition, what, deadline_s=60, on_failure=lambda: ""):
        end = time.monotonic() + deadline_s * SLOWNESS
        with contextlib.closing(Events(self)) as events:
            while True:
                if result := condition():
                    return result
                if time.monotonic() > end:
                    raise AssertionError(f"waited {deadline_s} s for {what}\n{on_failure()}\n" +
                                         "\n".join(f"--- {n}\n{self.log(n)[-3000:]}"
                                                   for n in self.processes))
                events.wait(0.25)

    # ── Ground truth ──────────────────────────────────────────────────────────────────────────
    def rclone_processes(self):
        """Processes that a worker of this stack started, seen from outside: {pid: argv}."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                argv = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                state = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and b"rclone" in argv[0] and any(
                        str(self.work_dir).encode() in a for a in argv):
                    found[int(entry)] = [a.decode(errors="replace") for a in argv]
        return found

    def wait_for_end_of_rclone(self, deadline_s=60):
        """Until every transfer that runs now has ended by itself or by its guard."""
        for pid in self.rclone_processes():
            with contextlib.suppress(ProcessLookupError):
                fd = os.pidfd_open(pid)
                selector = selectors.DefaultSelector()
                selector.register(fd, selectors.EVENT_READ)
                gone = selector.select(deadline_s * SLOWNESS)
                os.close(fd)
                if not gone:
                    raise AssertionError(f"left behind: {self.rclone_processes()}")

    def assert_no_rclone(self):
        """No process of any run is left. The guards of a killed worker get a moment."""
        self.wait_for_end_of_rclone(10)

    def wait_for_spooled_result(self, worker, deadline_s=30):
        """Until the worker has a result on its disk."""
        path = self.dir / "data" / worker / "spool"
        end = time.monotonic() + deadline_s * SLOWNESS
        selector = selectors.DefaultSelector()
        while not any(p.stat().st_size for p in path.glob("*.results")):
            if time.monotonic() > end:
                raise AssertionError(f"{path} holds no result")
            selector.select(0.05)

    def wait_for_rclone(self, deadline_s=20):
        return self.wait_until(self.rclone_processes, "rclone to run", deadline_s)


class StackTest(unittest.TestCase):
    """A test with one stack of its own; subclasses set `options` and `set_up`."""

    stack_class = Stack
    options = {}

    def setUp(self):
        self.stack = self.enterContext(self.stack_class(**self.options))
        self.files = self.stack.dir / "files"
        self.set_up()

    def set_up(self):
        pass

    def make_files(self, folder, count=20, size=1000):
        root = self.files / folder
        root.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (root / f"file {i:04}.bin").write_bytes(os.urandom(size))
        return root

    def assert_same(self, a, b):
        def tree(root):
            root = pathlib.Path(root)
            return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        self.assertEqual(tree(a), tree(b))


def main():
    unittest.main(verbosity=2)
