"""kill -9 of each process in each phase: nothing acknowledged is lost, no process is left behind, no
run is done twice at once, and the transfer lives on where it can."""

from harness import *
from servers import *


class CrashTest(StackTest):
    options = {"job_flags": TRANSFER_ONLY}

    def set_up(self):
        self.source = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("dav", self.source.settings())
        self.stack.remote("sftp", self.target.settings())
        (self.source.root / "big.bin").write_bytes(os.urandom(4_000_000))
        self.stack.job("slow", "dav:", f"sftp:{self.target.root}/copy", "--bandwidth", "400k",
                       "--retry-backoff", "1s")

    def transferring(self):
        """A run whose transfer cannot end before `let_go`, however slow the machine is."""
        self.source.freeze()
        run = self.stack.run("slow")
        self.stack.wait_for_rclone()
        return run

    def let_go(self):
        if self.source.process:
            self.source.thaw()

    def assert_done(self, run, attempt=None):
        self.let_go()
        shown = self.stack.wait(run, deadline_s=120)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        if attempt:
            self.assertEqual(shown["run"]["attempt"], attempt, shown)
        self.assert_same(self.source.root, self.target.root / "copy")
        return shown


class Crash(CrashTest):
    # A worker that is stopped waits for its transfers no longer than this.
    options = {**CrashTest.options, "worker_config": 'drain_timeout = "1s"'}

    def test_the_transfer_lives_on_while_the_scheduler_is_killed_and_started_again(self):
        run = self.transferring()
        before = self.stack.rclone_processes()
        self.stack.restart("drayd")
        self.assertEqual(self.stack.rclone_processes(), before)
        self.assert_done(run, attempt=1)

    def test_a_result_found_while_the_scheduler_is_away_is_delivered_later(self):
        run = self.transferring()
        self.stack.kill("drayd")
        self.let_go()
        self.stack.wait_for_end_of_rclone()
        self.stack.start("drayd")
        self.assert_done(run, attempt=1)

    def test_a_spooled_result_survives_the_worker_as_well(self):
        run = self.transferring()
        self.stack.kill("drayd")
        self.let_go()
        self.stack.wait_for_end_of_rclone()
        self.stack.wait_for_spooled_result("worker1")
        self.stack.kill("worker1")
        self.stack.start("worker1")
        self.stack.start("drayd")
        self.assert_done(run, attempt=1)

    def test_the_transfer_lives_on_while_the_broker_is_killed_and_started_again(self):
        run = self.transferring()
        before = self.stack.rclone_processes()
        self.stack.restart("broker")
        self.assertEqual(self.stack.rclone_processes(), before)
        self.assert_done(run, attempt=1)

    def test_a_killed_worker_leaves_no_process_and_the_run_is_done_by_the_next_attempt(self):
        run = self.transferring()
        self.stack.kill("worker1")
        self.stack.assert_no_rclone()
        self.stack.start("worker1")
        shown = self.assert_done(run)
        self.assertEqual(shown["run"]["attempt"], 2)

    def test_a_worker_that_is_shut_down_uses_up_no_attempt(self):
        self.stack.dray("job", "edit", "slow", "--retry-attempts", "1")
        run = self.transferring()
        self.stack.kill("worker1", signal.SIGTERM)
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertIn("shut down", self.stack.dray("runs", "show", run).stdout)
        self.stack.start("worker1")
        shown = self.assert_done(run, attempt=2)
        self.assertEqual(shown["attempts"][0]["outcome"], "cancelled")

    def test_a_killed_rclone_is_tried_again(self):
        run = self.transferring()
        for pid in self.stack.rclone_processes():
            os.kill(pid, signal.SIGKILL)
        shown = self.assert_done(run)
        self.assertEqual(shown["run"]["attempt"], 2)

    def hanging(self):
        """A run that has a process but no first byte yet."""
        silent = self.enterContext(Silent())
        self.stack.remote("silent", self.source.settings(url=f"http://127.0.0.1:{silent.port}"))
        self.stack.job("hanging", "silent:", f"sftp:{self.target.root}/h", "--retry-backoff", "1s")
        run = self.stack.run("hanging")
        self.stack.wait_for_rclone()
        return run

    def test_each_process_killed_while_a_run_lists_loses_nothing(self):
        run = self.hanging()
        for name in ("drayd", "broker", "worker1"):
            self.stack.restart(name)
            self.stack.wait_until(lambda: len(self.stack.rclone_processes()) == 1, "one transfer")
        self.stack.dray("cancel", run, "--reason", "enough", "--wait")
        self.assertEqual(self.stack.rclone_processes(), {})

    def test_each_process_killed_while_a_run_is_being_cancelled_still_ends_it(self):
        for name in ("drayd", "broker", "worker1"):
            run = self.transferring()
            self.target.freeze()
            self.stack.dray("cancel", run, "--reason", name)
            self.stack.restart(name)
            self.target.thaw()
            self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")
            self.assertEqual(self.stack.rclone_processes(), {})

    def test_each_process_killed_right_after_a_run_was_queued_loses_nothing(self):
        for name in ("drayd", "broker", "worker1"):
            run = self.stack.run("slow")
            self.stack.restart(name)
            self.assert_done(run)

    def test_everything_killed_at_once_comes_back(self):
        run = self.transferring()
        for name in list(self.stack.processes):
            self.stack.kill(name)
        self.stack.assert_no_rclone()
        for name in ["broker", "drayd", "worker1"]:
            self.stack.start(name)
        self.assert_done(run)

    def test_a_run_queued_while_no_worker_is_there_starts_when_one_comes(self):
        self.stack.kill("worker1")
        run = self.stack.run("slow")
        self.assertIn("worker", self.stack.dray("why", run).stdout)
        self.stack.restart("drayd")
        self.stack.start("worker1")
        self.assert_done(run, attempt=1)

    def test_a_run_waiting_for_its_retry_survives_the_scheduler(self):
        self.source.stop()
        self.stack.dray("job", "edit", "slow", "--retry-backoff", f"{10 * SLOWNESS:.0f}s")
        run = self.stack.run("slow")
        self.stack.wait(run, {"retry_wait"})
        self.stack.restart("drayd")
        self.source.start()
        self.assert_done(run)

    def test_a_cancel_acknowledged_before_the_scheduler_is_killed_still_happens(self):
        run = self.transferring()
        self.stack.dray("cancel", run, "--reason", "durable")
        self.stack.restart("drayd")
        self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")

    def test_a_cancel_reaches_a_worker_that_was_cut_off(self):
        run = self.transferring()
        self.stack.kill("broker")
        self.stack.start("broker")
        self.stack.dray("cancel", run, "--reason", "after the cut", "--wait")
        self.assertEqual(self.stack.rclone_processes(), {})

    def test_enqueued_runs_are_all_there_after_a_kill(self):
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.stack.job("many", "dav:", f"sftp:{self.target.root}/many", "--overlap", "allow",
                       "--max-concurrent", "100")
        runs = [self.stack.run("many") for _ in range(10)]
        self.stack.restart("drayd")
        self.assertEqual({self.stack.state(r) for r in runs}, {"queued"})


class Lease(CrashTest):
    options = {"lease": "20s", "job_flags": TRANSFER_ONLY}

    def test_a_worker_that_never_comes_back_is_replaced_after_its_lease(self):
        self.stack.workers.append("worker2")
        run = self.transferring()
        self.stack.kill("worker1")
        self.stack.start("worker2")
        shown = self.assert_done(run)
        self.assertEqual((shown["run"]["attempt"], shown["run"]["worker"]), (2, "worker2"))

    def test_a_frozen_worker_loses_its_transfer_before_another_worker_starts_it(self):
        self.stack.workers.append("worker2")
        run = self.transferring()
        frozen = set(self.stack.rclone_processes())
        self.stack.signal("worker1", signal.SIGSTOP)
        self.stack.start("worker2")
        self.stack.wait_until(lambda: not frozen & set(self.stack.rclone_processes()),
                              "the guard to end the frozen worker's transfer", 60)
        shown = self.assert_done(run)
        self.assertEqual(shown["run"]["worker"], "worker2")
        self.stack.signal("worker1", signal.SIGCONT)
        self.assertEqual(self.stack.state(run), "succeeded")


class TwoWorkers(StackTest):
    options = {"workers": 2, "slots": 1, "job_flags": TRANSFER_ONLY}

    def test_runs_are_spread_over_the_workers_and_slots_hold(self):
        target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        source = self.enterContext(WebDav(self.stack.dir / "dav"))
        (source.root / "big.bin").write_bytes(os.urandom(3_000_000))
        self.stack.remote("sftp", target.settings())
        self.stack.remote("dav", source.settings())
        runs = []
        source.freeze()  # nothing ends before everything was looked at
        for name in "abc":
            self.stack.job(name, "dav:", f"sftp:{target.root}/{name}")
            runs.append(self.stack.run(name))
        self.stack.wait_until(lambda: len(self.stack.rclone_processes()) == 2, "two transfers")
        self.assertIn("slot", self.stack.dray("why", runs[2]).stdout)
        source.thaw()
        shown = [self.stack.wait(r) for r in runs]
        self.assertEqual({s["run"]["state"] for s in shown}, {"succeeded"})
        self.assertEqual({s["run"]["worker"] for s in shown[:2]}, {"worker1", "worker2"})


if __name__ == "__main__":
    main()
