"""Runs that would delete or overwrite too much are held until a person decides."""

import os
import shutil
import subprocess

from harness import *
from servers import *

HELD = 11


class Guards(StackTest):
    def set_up(self):
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("disk", {"type": "local"})
        self.stack.remote("sftp", self.target.settings())
        self.source = self.make_files("source", 20)

    def job(self, name="nightly", *flags):
        self.stack.job(name, f"disk:{self.source}", f"sftp:{self.target.root}/copy", *flags)
        return name

    def copy_files(self):
        """What a restore of today would give: a versioned copy keeps it in `current`."""
        copy = self.target.root / "copy"
        current = copy / "current"
        root = current if current.exists() else copy
        return sorted(p.name for p in root.rglob("*") if p.is_file())

    def good_run(self, *flags):
        self.job("nightly", *flags)
        self.stack.dray("run", "nightly", "--wait")
        self.assertEqual(len(self.copy_files()), 20)

    def empty_source(self):
        shutil.rmtree(self.source)
        self.source.mkdir()

    def held_run(self):
        run = self.stack.run("nightly")
        shown = self.stack.wait(run, "held")
        self.assertEqual(shown["attempts"][-1]["outcome"], "held", shown)
        return run, shown

    def test_a_wiped_source_is_held_and_nothing_is_deleted(self):
        self.good_run()
        self.empty_source()
        run, shown = self.held_run()
        self.assertEqual(len(self.copy_files()), 20)
        guard = shown["attempts"][-1]["report"]["guard"][0]
        self.assertTrue(guard["held"], shown)
        self.assertEqual((guard["known_files"], guard["source_files"]), (20, 0))
        self.assertIn("run.held", [e["kind"] for e in shown["events"]])
        self.assertIn("source is empty", shown["run"]["reason"])
        self.assertIn("approval", self.stack.dray("why", run).stdout)
        self.assertIn("20 files known", self.stack.dray("runs", "show", run).stdout)
        # The slot is free for others.
        other = self.make_files("other", 2)
        self.stack.job("other", f"disk:{other}", f"sftp:{self.target.root}/other")
        self.stack.dray("run", "other", "--wait")

    def test_an_approved_run_goes_on_as_the_next_attempt(self):
        self.good_run()
        self.empty_source()
        run, _ = self.held_run()
        self.stack.dray("approve", run, "--reason", "emptied on purpose")
        shown = self.stack.wait(run)
        self.assertIn(shown["run"]["state"], ("succeeded", "warning"), shown)
        self.assertEqual(len(shown["attempts"]), 2)
        self.assertEqual(self.copy_files(), [])
        self.assertIn("run.approved", [e["kind"] for e in shown["events"]])
        self.stack.dray("approve", run, expect=CONFLICT)

    def test_a_rejected_run_is_cancelled_and_nothing_is_deleted(self):
        self.good_run()
        self.empty_source()
        run, _ = self.held_run()
        self.stack.dray("reject", run, "--reason", "an accident")
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "cancelled")
        self.assertEqual(shown["run"]["cancel_reason"], "an accident")
        self.assertEqual(len(self.copy_files()), 20)
        self.stack.dray("reject", run, expect=CONFLICT)
        self.stack.dray("reject", 99999, expect=NOT_FOUND)

    def test_waiting_ends_when_the_run_is_held(self):
        self.good_run()
        self.empty_source()
        done = self.stack.dray("run", "nightly", "--wait", expect=HELD)
        self.assertIn("dray approve", done.stdout)

    def test_files_that_are_overwritten_in_place_hold_the_run(self):
        self.good_run()
        for path in self.source.iterdir():
            path.write_bytes(os.urandom(path.stat().st_size + 64))
        run, shown = self.held_run()
        self.assertEqual(shown["attempts"][-1]["report"]["guard"][0]["overwrites"], 20)
        # What a person let pass once is not unusual the next time.
        self.stack.dray("approve", run, "--wait")
        for path in self.source.iterdir():
            path.write_bytes(os.urandom(path.stat().st_size + 64))
        self.stack.dray("run", "nightly", "--wait")

    def test_files_that_are_renamed_all_at_once_hold_the_run(self):
        self.good_run()
        for path in list(self.source.iterdir()):
            path.rename(path.with_suffix(".locked"))
        _, shown = self.held_run()
        guard = shown["attempts"][-1]["report"]["guard"][0]
        self.assertEqual((guard["deletes"], guard["creates"]), (20, 20))
        self.assertTrue(all(name.endswith(".bin") for name in self.copy_files()))

    def test_few_deletions_pass(self):
        self.good_run()
        for path in sorted(self.source.iterdir())[:4]:
            path.unlink()
        self.stack.dray("run", "nightly", "--wait")
        self.assertEqual(len(self.copy_files()), 16)

    def test_without_a_guard_and_in_a_dry_run_nobody_is_asked(self):
        self.good_run()
        self.empty_source()
        self.stack.dray("run", "nightly", "--dry-run", "--wait", expect=None)
        self.assertEqual(len(self.copy_files()), 20)
        self.stack.dray("job", "edit", "nightly", "--guard", "off")
        self.stack.dray("run", "nightly", "--wait", expect=WARNING)
        self.assertEqual(self.copy_files(), [])

    def test_a_held_run_survives_a_restart_and_can_be_cancelled(self):
        self.good_run()
        self.empty_source()
        run, _ = self.held_run()
        self.stack.restart("drayd")
        self.stack.restart("worker1")
        self.assertEqual(self.stack.state(run), "held")
        self.stack.dray("cancel", run)
        self.assertEqual(self.stack.state(run), "cancelled")
        self.assertEqual(len(self.copy_files()), 20)

    def test_filters_hide_files_from_the_guard_as_from_the_transfer(self):
        for i in range(30):
            (self.source / f"mine {i}.keep").write_text("copied once")
        self.job()
        self.stack.dray("run", "nightly", "--wait")
        self.stack.dray("job", "edit", "nightly", "--filter", "- *.keep")
        for path in self.source.glob("*.keep"):
            path.unlink()
        self.stack.dray("run", "nightly", "--wait")
        self.assertEqual(len(self.copy_files()), 50)

    def test_a_full_destination_is_found_out_before_anything_moves(self):
        small = self.files / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)])
        if mounted.returncode:
            self.skipTest("no right to mount a small file system")
        self.addCleanup(subprocess.run, ["umount", str(small)], check=True)
        self.make_files("source", 50, 100_000)
        self.stack.job("tight", f"disk:{self.source}", f"disk:{small}", "--retry-attempts", "1")
        shown = self.stack.wait(self.stack.run("tight"))
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]),
                         ("failed", "storage_full"), shown)
        self.assertEqual([s["name"] for s in shown["attempts"][0]["report"]["steps"]], ["guard"])
        self.assertEqual(list(small.rglob("*.bin")), [])


class GuardsInterrupted(StackTest):
    """The guard lists a server that stands still."""

    def set_up(self):
        self.source = self.enterContext(WebDav(self.stack.dir / "dav"))
        (self.source.root / "a").write_text("a")
        self.stack.remote("dav", self.source.settings())
        self.stack.remote("disk", {"type": "local"})
        self.stack.job("nightly", "dav:", f"disk:{self.files}/copy")
        self.stack.dray("run", "nightly", "--wait")

    def run_in_guard(self):
        self.source.freeze()
        self.addCleanup(self.source.thaw)
        run = self.stack.run("nightly")
        self.stack.wait_until(
            lambda: any("lsjson" in argv for argv in self.stack.rclone_processes().values()),
            "the guard to list")
        return run

    def test_a_run_can_be_cancelled_while_its_guard_looks(self):
        run = self.run_in_guard()
        self.stack.dray("cancel", run, "--wait")
        self.assertEqual(self.stack.state(run), "cancelled")
        self.assertEqual(self.stack.rclone_processes(), {})

    def test_a_worker_that_dies_in_the_guard_leaves_a_run_that_is_made_again(self):
        run = self.run_in_guard()
        self.stack.kill("worker1")
        self.source.thaw()
        self.stack.start("worker1")
        self.assertEqual(self.stack.wait(run, deadline_s=90)["run"]["state"], "succeeded")


if __name__ == "__main__":
    main()
