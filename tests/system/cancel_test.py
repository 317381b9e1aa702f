"""A cancel ends the processes, in every phase, and says who asked and why."""

import concurrent.futures

from harness import *
from servers import *


class Cancel(StackTest):
    options = {"job_flags": TRANSFER_ONLY}

    def set_up(self):
        self.source = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("dav", self.source.settings())
        self.stack.remote("sftp", self.target.settings())

    def slow_job(self, name="slow", *flags):
        big = self.source.root / "big.bin"
        if not big.exists():
            big.write_bytes(os.urandom(30_000_000))
        self.stack.job(name, "dav:", f"sftp:{self.target.root}/{name}", "--bandwidth", "100k", *flags)
        return name

    def assert_cancelled(self, run, reason):
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "cancelled", shown)
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertEqual(shown["run"]["cancel_reason"], reason)
        self.assertTrue(shown["run"]["cancel_by"])
        return shown

    def test_a_transferring_run(self):
        run = self.stack.run(self.slow_job())
        self.stack.wait_for_rclone()
        self.stack.wait_until(lambda: (self.stack.show(run)["run"].get("progress") or {}).get("bytes_done"),
                              "bytes to move")
        self.stack.dray("cancel", run, "--reason", "wrong week", "--wait")
        shown = self.assert_cancelled(run, "wrong week")
        kinds = [e["kind"] for e in shown["events"]]
        self.assertIn("run.cancel_requested", kinds)
        self.assertIn("wrong week", self.stack.dray("events", "--run", run).stdout)
        self.assertIn("wrong week", self.stack.log("drayd"))

    def test_a_queued_run(self):
        self.stack.dray("settings", "set", "global_max_concurrent_jobs", "1")
        first = self.stack.run(self.slow_job("one"))
        self.stack.wait_for_rclone()
        second = self.stack.run(self.slow_job("two"))
        self.assertEqual(self.stack.state(second), "queued")
        self.assertIn("global", self.stack.dray("why", second).stdout)
        self.stack.dray("cancel", second, "--reason", "no")
        self.assertEqual(self.stack.state(second), "cancelled")
        self.stack.dray("cancel", first, "--reason", "no", "--wait")

    def test_a_run_that_waits_for_its_retry(self):
        self.source.stop()
        self.stack.job("away", "dav:", f"sftp:{self.target.root}/x", "--retry-backoff", "10m")
        run = self.stack.run("away")
        self.stack.wait(run, {"retry_wait"})
        self.stack.dray("cancel", run, "--reason", "no")
        self.assert_cancelled(run, "no")

    def test_a_run_that_hangs_before_its_first_byte(self):
        silent = self.enterContext(Silent())
        self.stack.remote("silent", self.source.settings(url=f"http://127.0.0.1:{silent.port}"))
        self.stack.job("hanging", "silent:", f"sftp:{self.target.root}/x")
        run = self.stack.run("hanging")
        self.stack.wait_for_rclone()
        self.stack.dray("cancel", run, "--reason", "it hangs", "--wait")
        self.assert_cancelled(run, "it hangs")

    def test_a_run_whose_server_is_frozen(self):
        run = self.stack.run(self.slow_job())
        self.stack.wait_for_rclone()
        self.target.freeze()
        self.addCleanup(self.target.thaw)
        self.stack.dray("cancel", run, "--reason", "frozen", "--wait")
        self.assert_cancelled(run, "frozen")

    def test_a_run_that_is_deleting(self):
        # Three deletes are done, the next ones never answered: it is caught in the act.
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        gate = self.enterContext(Gate(s3.port, "DELETE", allowed=3))
        self.stack.remote("s3", s3.settings(endpoint=f"http://127.0.0.1:{gate.port}"))
        for i in range(30):
            (self.source.root / f"{i:03}.txt").write_bytes(b"x")
        self.stack.job("purging", "dav:", "s3:data/copy", "--transfers", "16")
        self.stack.dray("run", "purging", "--wait")
        for path in sorted(self.source.root.iterdir())[1:]:
            path.unlink()
        run = self.stack.run("purging")
        self.stack.wait_until(lambda: (self.stack.show(run)["run"].get("progress") or {}).get("deletes"),
                              "deletes to begin", on_failure=lambda: json.dumps(self.stack.show(run)))
        self.stack.dray("cancel", run, "--reason", "stop that", "--wait")
        self.assert_cancelled(run, "stop that")

    def test_all_runs_of_a_job_of_a_client_and_of_everybody(self):
        for name in ("a", "b"):
            self.stack.run(self.slow_job(name))
        self.stack.dray("cancel", "--job", "a", "--reason", "j", "--wait")
        self.stack.dray("cancel", "--all", "--reason", "everything", "--wait")
        states = [r["state"] for r in self.stack.json("runs", "list")["runs"]]
        self.assertEqual(states, ["cancelled", "cancelled"])
        self.stack.run("a")
        self.stack.dray("cancel", "--client", "default", "--reason", "c", "--wait")

    def test_unknown_and_finished_runs_are_named(self):
        (self.source.root / "one").write_text("1")
        self.stack.job("quick", "dav:", f"sftp:{self.target.root}/x")
        run = self.stack.run("quick")
        self.stack.wait(run)
        done = self.stack.dray("cancel", run, "--reason", "late", expect=CONFLICT)
        self.assertIn("succeeded", done.stdout + done.stderr)
        self.stack.dray("cancel", "999999", "--reason", "x", expect=NOT_FOUND)

    def test_a_hundred_cancels_at_once_end_in_one(self):
        run = self.stack.run(self.slow_job())
        self.stack.wait_for_rclone()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = set(pool.map(lambda i: self.stack.dray("cancel", run, "--reason", str(i),
                                                           expect=None).returncode, range(20)))
        self.assertLessEqual(codes, {OK, CONFLICT})
        self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")


if __name__ == "__main__":
    main()
