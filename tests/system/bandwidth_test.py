"""Bandwidth caps hold for what really arrives, are shared by need, and follow every change while
transfers run. Pauses, windows and limits stop transfers and let them go on."""

import re
import threading
import urllib.error
import urllib.request

from harness import *
from servers import *

PIECE = 32 << 10  # what rclone reads and writes at a time under a cap
CAP = 1_000_000


class SlowWebDav(WebDav):
    """Gives no more than RATE bytes per second."""

    RATE = 100_000

    def start(self):
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "RCLONE_USER": self.user,
               "RCLONE_PASS": self.password}
        self.spawn(["rclone", "serve", "webdav", str(self.root), "--addr", f"127.0.0.1:{self.port}",
                    "--config", "/dev/null", "--bwlimit", f"{self.RATE}B", "--buffer-size", "0"],
                   env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_for_line(self.process, self.process.stderr, b"WebDav Server started")


class Meter(threading.Thread):
    """How many bytes lie below a folder, ten times a second."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.stopped = root, threading.Event()
        self.samples = []  # (time, bytes)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()

    def bytes(self):
        total = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.stat(os.path.join(folder, name)).st_size
        return total

    def run(self):
        while not self.stopped.wait(0.1):
            self.samples.append((time.monotonic(), self.bytes()))

    def rates(self, seconds=10, since=0.0, until=float("inf")):
        """Bytes per second over every window of that length."""
        found, begin = [], 0
        samples = [s for s in self.samples if since <= s[0] <= until]
        for t, b in samples:
            while t - samples[begin][0] > seconds:
                begin += 1
            if begin > 0:
                t0, b0 = samples[begin - 1]
                found.append((b - b0) / (t - t0))
        return found

    def bounds(self, since, until, files):
        """The least and the most bytes per second that passed between the two moments.

        Not over short windows: where the machine is busy, rclone makes up for what it missed. The
        benchmark of the bandwidth looks more closely.
        """
        samples = [s for s in self.samples if since <= s[0] <= until]
        (first, before), (last, after) = samples[0], samples[-1]
        held_back = files * PIECE
        return ((after - before - held_back) / (last - first),
                (after - before + held_back) / (last - first))


class Bandwidth(StackTest):
    options = {"workers": 2, "slots": 4}

    def set_up(self):
        self.fast = self.enterContext(WebDav(self.stack.dir / "fast"))
        self.slow = self.enterContext(SlowWebDav(self.stack.dir / "slow"))
        self.stack.remote("fast", self.fast.settings())
        self.stack.remote("slow", self.slow.settings())
        self.stack.remote("disk", {"type": "local"})
        self.target = self.stack.dir / "files/target"
        self.target.mkdir(parents=True)

    def job(self, name, server="fast", size=40_000_000, count=1, *flags):
        root = getattr(self, server).root / name
        root.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            with open(root / f"{i}.bin", "wb") as file:
                file.truncate(size)
        self.stack.job(name, f"{server}:{name}", f"disk:{self.target}/{name}", "--transfers", "1",
                       *flags)
        return name

    def shares(self):
        shown = self.stack.json("bandwidth", "show")
        return {row["run"]: row for row in shown["runs"]}

    def wait_for_shares(self, good, what, seconds=30):
        """Until all shares are in force and `good` of them; returns how long that took."""
        start = time.monotonic()

        def settled():
            shares = self.shares()
            return all(s["confirmed"] for s in shares.values()) and good(shares)
        self.stack.wait_until(settled, what, seconds, on_failure=lambda: json.dumps(self.shares()))
        return time.monotonic() - start

    def wait_for_bytes(self, name, count=1):
        folder = self.target / name
        self.stack.wait_until(
            lambda: folder.exists() and sum(p.stat().st_size for p in folder.iterdir()) >= count,
            f"{count} bytes of {name}")

    def test_three_runs_share_one_cap_and_never_pass_it(self):
        self.stack.dray("bandwidth", "set", f"{CAP // 1000}k")
        cap = self.stack.json("bandwidth", "show")["caps"][0]["cap"]
        for name in ("one", "two", "three"):
            self.job(name, "slow" if name == "three" else "fast", count=5)
        with Meter(self.target) as meter:
            one = self.stack.run("one")
            self.wait_for_bytes("one")
            first = time.monotonic()
            self.assertEqual(self.shares()[one]["share"], cap)
            two = self.stack.run("two")
            took = self.wait_for_shares(lambda s: len(s) == 2 and all(
                0.45 * cap <= row["share"] <= 0.5 * cap for row in s.values()), "halves")
            self.assertLessEqual(took, 3 * SLOWNESS)
            self.assertEqual(len({row["worker"] for row in self.shares().values()}), 2)
            three = self.stack.run("three")
            took = self.wait_for_shares(
                lambda s: len(s) == 3 and all(row["share"] <= 0.34 * cap for run, row in s.items()
                                              if run != three), "thirds")
            self.assertLessEqual(took, 3 * SLOWNESS)
            # Its remote gives it a tenth: the rest of its third goes to the others.
            self.wait_for_shares(lambda s: s[three]["share"] < 0.25 * cap and
                                 s[three]["limited_by"] == "itself" and
                                 s[one]["share"] > 0.37 * cap, "what the slow one leaves")
            # Runs that still prepare have no demand yet: from now on there is enough of it.
            began, seen = time.monotonic(), len(meter.samples)
            self.stack.wait_until(lambda: len(meter.samples) > seen + 110, "eleven seconds of traffic")
            busy = time.monotonic()
            self.assertGreaterEqual(sum(s["share"] for s in self.shares().values()), 0.95 * cap)
            self.stack.dray("cancel", three, "--wait")
            self.stack.dray("cancel", two, "--wait")
            took = self.wait_for_shares(lambda s: s[one]["share"] > 0.95 * cap, "all of it again")
            self.assertLessEqual(took, 3 * SLOWNESS)
            self.stack.dray("cancel", one, "--wait")
        self.assertLessEqual(meter.bounds(first, busy, files=3)[0], 1.05 * cap)
        # A busy machine does not get through all that it may; the benchmark measures how much it is.
        self.assertGreaterEqual(meter.bounds(began, busy, files=3)[1], 0.5 * cap)

    def test_a_change_of_the_cap_reaches_what_runs(self):
        self.stack.dray("bandwidth", "set", "300k", "--client", "default")
        run = self.stack.run(self.job("one"))
        self.wait_for_bytes("one")
        for rate, flags in (("600k", ["--client", "default"]), ("200k", ["--job", "one"]),
                            ("100k", [])):
            self.stack.dray("bandwidth", "set", rate, *flags)
            wanted = int(rate[:-1]) * 1024
            took = self.wait_for_shares(lambda s: wanted <= s[run]["share"] < wanted + 1000, rate)
            self.assertLessEqual(took, 3 * SLOWNESS)
        shown = self.stack.dray("bandwidth", "show").stdout
        self.assertIn("job one", shown)
        self.assertIn("share of the cap of", shown)
        log = self.stack.dray("logs", run).stdout
        self.assertIn("Bandwidth limit set to", log)
        self.assertIn("bandwidth.set", self.stack.dray("system", "audit").stdout)
        self.stack.dray("cancel", run, "--wait")

    def test_the_control_is_closed_to_others_and_only_there_when_needed(self):
        self.stack.run(self.job("free", size=4_000_000, count=1))
        self.stack.dray("bandwidth", "set", "200k")
        run = self.stack.run(self.job("capped"))
        self.wait_for_bytes("capped")
        argv = {tuple(a) for a in self.stack.rclone_processes().values() if any("capped" in w for w in a)}
        self.assertTrue(all("--rc" in a for a in argv), argv)
        self.assertFalse([w for a in argv for w in a if "rc-pass" in w or "rc-user" in w])
        # The listings of the guard had one each; the last is that of the transfer.
        port = re.findall(r"remote control on http://127.0.0.1:(\d+)",
                          self.stack.dray("logs", run).stdout)[-1]
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{port}/core/bwlimit", data=b"{}", method="POST"))
        self.assertEqual(refused.exception.code, 401)
        self.stack.dray("cancel", "--all", "--wait")

    def test_a_run_without_caps_opens_no_control(self):
        run = self.stack.run(self.job("free", "slow"))
        self.wait_for_bytes("free")
        argv = list(self.stack.rclone_processes().values())
        self.assertFalse([a for a in argv if "--rc" in a])
        # A first cap does not reach it, but it counts.
        self.stack.dray("bandwidth", "set", "500k")
        self.assertFalse(self.shares()[run]["live"])
        self.assertIn("keeps that until it ends", self.stack.dray("bandwidth", "show").stdout)
        self.stack.dray("cancel", run, "--wait")

    def test_concurrency_caps_hold_at_every_moment(self):
        self.stack.dray("settings", "set", "global_max_concurrent_jobs", "2")
        runs = [self.stack.run(self.job(f"job{i}", size=2_000_000, count=1)) for i in range(6)]
        most = 0
        while any(self.stack.state(run) not in TERMINAL for run in runs):
            most = max(most, len(self.stack.rclone_processes()))
            self.assertLessEqual(most, 2)
        self.assertEqual({self.stack.state(run) for run in runs}, {"succeeded"})


class Pause(StackTest):
    def set_up(self):
        self.source = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", self.source.settings())
        self.stack.remote("disk", {"type": "local"})
        self.target = self.stack.dir / "files/target"

    def job(self, name="photos", *flags):
        """A small file and three that take ten seconds each under the job's cap."""
        for i in range(4):
            path = self.source.root / name / f"{i}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(1_000_000 if i else 1000))
        self.stack.job(name, f"dav:{name}", f"disk:{self.target}/{name}", "--bandwidth", "100k",
                       "--transfers", "1", *flags)
        return name

    def start(self, name):
        """A run of which one file has gone over: they go one after the other."""
        run = self.stack.run(name)
        folder = self.target / name
        self.stack.wait_until(lambda: folder.is_dir() and len(list(folder.iterdir())) > 1,
                              "a second file to begin")
        return run

    def uncap(self, name):
        """From here on it need not be slow any more."""
        self.stack.dray("bandwidth", "set", "off", "--job", name)

    def assert_went_on(self, run):
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(len(shown["attempts"]), 2)
        # What was copied is not copied again.
        self.assertLess(shown["attempts"][1]["files"], 4)
        self.assert_same(self.source.root / shown["run"]["job"], self.target / shown["run"]["job"])

    def test_a_run_is_paused_and_goes_on_where_it_was(self):
        run = self.start(self.job())
        self.stack.dray("pause", run, "--reason", "the line is needed")
        shown = self.stack.wait(run, "paused")
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertIn("the line is needed", shown["run"]["reason"])
        self.assertIn("the line is needed", self.stack.dray("why", run).stdout)
        # The state may be read a moment before the journal has it.
        self.stack.wait_until(lambda: "run.paused" in [e["kind"] for e in self.stack.show(run)["events"]],
                              "the event")
        self.stack.restart("drayd")
        self.stack.wait_until(lambda: self.stack.state(run) == "paused", "the pause to last")
        self.uncap("photos")
        self.stack.dray("resume", run)
        self.assert_went_on(run)
        self.stack.dray("resume", run, expect=CONFLICT)
        self.stack.dray("pause", 4711, expect=NOT_FOUND)

    def test_a_pause_in_the_queue_and_a_cancel_of_it(self):
        self.stack.dray("maintenance", "on", "--reason", "new disks")
        run = self.stack.run(self.job())
        self.assertIn("new disks", self.stack.dray("why", run).stdout)
        self.assertIn("new disks", self.stack.dray("status").stdout)
        self.stack.dray("pause", run)
        self.assertEqual(self.stack.state(run), "paused")
        self.stack.dray("maintenance", "off")
        self.stack.dray("cancel", run, "--wait")
        self.assertEqual(self.stack.state(run), "cancelled")

    def test_maintenance_stops_what_runs_and_lets_it_go_on(self):
        run = self.start(self.job())
        self.stack.dray("maintenance", "on", "--reason", "new disks", "--stop")
        self.stack.wait(run, "paused")
        self.assertEqual(self.stack.rclone_processes(), {})
        self.uncap("photos")
        self.stack.dray("maintenance", "off")
        self.assert_went_on(run)

    def test_a_paused_job_starts_nothing(self):
        name = self.job()
        run = self.start(name)
        self.stack.dray("pause", "--job", name, "--reason", "moving house", "--stop")
        self.stack.wait(run, "paused")
        self.uncap(name)
        self.stack.dray("resume", "--job", name)
        self.assert_went_on(run)
        self.stack.dray("pause", "--client", "default", "--reason", "not paid")
        second = self.stack.run(name)
        self.assertIn("not paid", self.stack.dray("why", second).stdout)
        self.stack.dray("priority", second, 7)
        self.assertEqual(self.stack.show(second)["run"]["priority"], 7)
        self.stack.dray("resume", "--client", "default")
        self.stack.wait(second)
        again = self.stack.json("rerun", second)["run"]
        shown = self.stack.wait(again)
        self.assertEqual(shown["run"]["rerun_of"], second)
        self.assertEqual(shown["run"]["state"], "succeeded")

    def test_a_run_that_takes_too_long_is_stopped(self):
        run = self.stack.run(self.job("long", "--max-duration", "2s", "--retry-attempts", "3"))
        shown = self.stack.wait(run)
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]), ("failed", "limit"))
        self.assertEqual(len(shown["attempts"]), 1)

    def test_a_run_outside_its_window_waits_and_says_until_when(self):
        name = self.job()
        run = self.start(name)
        # The window that begins in an hour.
        begin = time.strftime("%H:%M", time.gmtime(time.time() + 3600))
        end = time.strftime("%H:%M", time.gmtime(time.time() + 7200))
        self.stack.dray("job", "edit", name, "--window", f"{begin}-{end}")
        shown = self.stack.wait(run, "paused")
        self.assertIn(f"T{begin}:00Z", shown["run"]["reason"])
        self.assertIn(f"its window opens at", self.stack.dray("why", run).stdout)
        self.uncap(name)
        self.stack.dray("job", "edit", name, "--window", "any")
        self.assert_went_on(run)


if __name__ == "__main__":
    main()
