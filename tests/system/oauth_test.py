"""Clouds with a login: tokens that rclone renews come home, whatever happens to the run, and are never
used by two at a time."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

import cloud as clouds
import readme_test
from harness import *


class Logins(StackTest):
    options = {"workers": 2, "slots": 2}
    type, account_name = "drive", "drive"

    def set_up(self):
        self.cloud = self.enterContext(clouds.Cloud())
        self.account = getattr(self.cloud, self.account_name)
        self.cloud.files = {f"file {i}.bin": os.urandom(50_000) for i in range(3)}
        self.stack.remote("disk", {"type": "local"})
        self.stack.dray("remote", "add", "cloud", self.type, "client_id=me", "--no-test",
                        "--secret", "client_secret", input="mine")
        self.log_in()

    def log_in(self):
        return self.stack.dray("remote", "authorize", "cloud", "--no-test",
                               input="--->\n" + self.account.token() + "\n<---End paste\n")

    def job(self, name="photos", *flags):
        self.stack.job(name, "cloud:", f"disk:{self.files}/{name}", "--retry-backoff", "1s", *flags)
        return name

    def remote(self):
        return self.stack.json("remote", "show", "cloud")["remote"]

    def wait_for_version(self, version):
        self.stack.wait_until(lambda: self.remote()["version"] >= version,
                              f"version {version} of the remote")

    def works_again(self):
        """What is stored is good: a run that starts from it renews and succeeds."""
        self.account.expire()
        reuses = self.account.reuses
        self.job("again")
        self.stack.dray("run", "again", "--wait")
        copied = {p.name: p.read_bytes() for p in (self.files / "again").rglob("*.bin")}
        self.assertEqual(copied, self.cloud.files)
        self.assertEqual(self.account.reuses, reuses)

    def test_a_login_is_made_as_the_documentation_says(self):
        home = self.stack.dir / "home"
        home.mkdir()
        (home / "secret.txt").write_text("mine")
        (home / "pasted.txt").write_text("--->\n" + self.account.token() + "\n<---End paste\n")
        commands = readme_test.BLOCKS["remotes-login"].replace("1234.apps.googleusercontent.com", "me")
        readme_test.sh(self, commands.replace("gdrive drive", f"gdrive {self.type}"))
        self.assertTrue(self.stack.json("remote", "show", "gdrive")["remote"]["login_at"])

    def test_a_renewed_login_comes_home_after_a_good_run(self):
        self.job()
        before = self.remote()
        self.stack.dray("run", "photos", "--wait")
        self.assertGreaterEqual(self.account.refreshes, 1)
        self.assertEqual(self.account.reuses, 0)
        self.wait_for_version(before["version"] + 1)
        self.assertGreater(self.remote()["login_at"], before["login_at"])
        self.works_again()

    def test_a_renewed_login_comes_home_after_a_run_that_failed(self):
        self.cloud.refuse_listing = True
        self.job("photos", "--retry-attempts", "1")
        before = self.remote()
        self.stack.dray("run", "photos", "--wait", expect=FAILED)
        self.cloud.refuse_listing = False
        self.assertGreaterEqual(self.account.refreshes, 1)
        self.wait_for_version(before["version"] + 1)
        self.works_again()

    def hang_in_a_download(self):
        self.cloud.hold.clear()
        run = self.stack.run(self.job())
        # With all of them under way rclone has written down every token that it was given.
        for _ in self.cloud.files:
            self.assertTrue(self.cloud.held.acquire(timeout=30 * SLOWNESS))
        return run

    def test_a_renewed_login_comes_home_after_a_cancel(self):
        before = self.remote()
        run = self.hang_in_a_download()
        self.stack.dray("cancel", run, "--reason", "test")
        self.stack.wait(run, "cancelled")
        self.cloud.hold.set()
        self.wait_for_version(before["version"] + 1)
        self.works_again()

    def busy_worker(self):
        return next(w["name"] for w in self.stack.json("workers")["workers"] if w["busy"])

    def test_a_worker_killed_in_the_middle_of_a_run_brings_the_login_home(self):
        before = self.remote()
        run = self.hang_in_a_download()
        name = self.busy_worker()
        self.stack.kill(name)
        self.stack.wait_for_end_of_rclone()
        self.cloud.hold.set()
        self.stack.start(name)
        self.wait_for_version(before["version"] + 1)
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(self.account.reuses, 0)
        self.works_again()

    def test_a_worker_killed_before_the_scheduler_answered_sends_the_login_again(self):
        before = self.remote()
        run = self.hang_in_a_download()
        name = self.busy_worker()
        logins = self.stack.dir / "data" / name / "spool/logins"
        self.stack.signal("drayd", signal.SIGSTOP)
        self.cloud.hold.set()
        self.stack.wait_for_spooled_result(name)
        self.assertEqual(len(list(logins.glob("*.json"))), 1)
        self.stack.kill(name)
        self.stack.signal("drayd", signal.SIGCONT)
        self.stack.start(name)
        self.wait_for_version(before["version"] + 1)
        self.stack.wait(run)
        self.stack.wait_until(lambda: not list(logins.glob("*.json")), "the login to be forgotten")
        self.works_again()

    def test_two_runs_on_one_account_take_turns_and_lose_nothing(self):
        jobs = [self.job(f"job{i}") for i in range(4)]
        runs = [self.stack.run(name) for name in jobs]
        for run in runs:
            self.assertEqual(self.stack.wait(run, deadline_s=120)["run"]["state"], "succeeded")
        self.assertGreaterEqual(self.account.refreshes, 4)
        self.assertEqual(self.account.reuses, 0)

    def test_a_test_of_the_remote_waits_for_the_run_that_uses_the_login(self):
        run = self.hang_in_a_download()
        refused = self.stack.dray("remote", "test", "cloud", expect=CONFLICT)
        self.assertIn(f"run {run}", refused.stderr)
        self.cloud.hold.set()
        self.assertEqual(self.stack.wait(run)["run"]["state"], "succeeded")
        self.account.expire()
        self.stack.dray("remote", "test", "cloud")
        self.works_again()

    def test_settings_changed_during_a_run_and_the_renewed_login_are_both_kept(self):
        run = self.hang_in_a_download()
        self.stack.dray("remote", "edit", "cloud", "--max-concurrent", "7", "--no-test")
        changed = self.remote()
        self.assertEqual(changed["max_concurrent"], 7)
        self.cloud.hold.set()
        self.stack.wait(run)
        self.stack.wait_until(lambda: self.account.refreshes >= 1 and
                              self.remote()["login_at"] > changed["login_at"] and
                              self.remote()["version"] > changed["version"], "the login")
        self.assertEqual(self.remote()["max_concurrent"], 7)
        self.works_again()

    def test_a_lost_login_is_an_auth_failure_and_a_new_one_mends_it(self):
        self.account.issue()  # what the remote holds was good for one use
        self.job("photos", "--retry-attempts", "1")
        self.stack.dray("run", "photos", "--wait", expect=FAILED)
        shown = self.stack.json("runs")["runs"][0]
        self.assertEqual(shown["error_class"], "auth", shown)
        self.log_in()
        self.works_again()

    def test_a_remote_tells_its_room(self):
        space = self.stack.json("remote", "about", "cloud")
        self.assertEqual((space["total"], space["used"]), (1_000_000, 1000))


class DropboxLogins(Logins):
    type = account_name = "dropbox"


class ServiceAccounts(StackTest):
    """Google's accounts of programs: no login to renew, a key that is sealed like a password."""

    def set_up(self):
        self.cloud = self.enterContext(clouds.Cloud())
        self.cloud.service = clouds.ServiceAccount(self.stack.dir)
        self.cloud.files = {"mine.bin": b"My Drive"}
        self.cloud.shared = {"0ATeam": {f"file {i}.bin": os.urandom(5_000) for i in range(3)}}
        self.stack.remote("disk", {"type": "local"})

    def add(self, name, *settings, key=None, **options):
        key = key or self.cloud.service.key_file(self.stack.dir / "key.json")
        return self.stack.dray("remote", "add", name, "drive", f"service_account_file={key}",
                               "scope=drive.readonly", *settings, **options)

    def copied(self, remote):
        self.stack.job(remote, f"{remote}:", f"disk:{self.files}/{remote}")
        self.stack.dray("run", remote, "--wait")
        return {p.name: p.read_bytes() for p in (self.files / remote).rglob("*.bin")}

    def test_a_shared_drive_is_read_with_the_key_of_a_service_account(self):
        self.add("team", "team_drive=0ATeam")  # which tests it
        (self.stack.dir / "key.json").unlink()  # it was taken along
        self.assertEqual(self.copied("team"), self.cloud.shared["0ATeam"])
        self.assertEqual({claims["scope"] for claims in self.cloud.service.logins},
                         {"https://www.googleapis.com/auth/drive.readonly"})

    def test_a_service_account_acts_for_a_person_and_reads_their_drive(self):
        self.add("hers", "impersonate=ann@example.com")
        self.assertEqual(self.copied("hers"), self.cloud.files)
        self.assertEqual({claims["sub"] for claims in self.cloud.service.logins}, {"ann@example.com"})

    def test_the_key_is_shown_and_written_nowhere(self):
        self.add("team", "team_drive=0ATeam")
        self.copied("team")
        secret = self.cloud.service.key.read_text().splitlines()[5]
        shown = self.stack.dray("remote", "show", "team", "--json").stdout
        self.assertNotIn(secret, shown)
        kept = [p for p in (self.stack.dir / "data").rglob("*") if p.is_file()]
        self.assertTrue(kept)
        self.assertEqual([p for p in kept if secret.encode() in p.read_bytes()], [])

    def test_a_key_that_the_account_does_not_know_is_an_auth_failure(self):
        other = self.stack.dir / "other"
        other.mkdir()
        stranger = clouds.ServiceAccount(other).key_file(other / "key.json")
        saved = self.add("team", "team_drive=0ATeam", key=stranger, expect=WARNING)
        self.assertIn("does not work (auth)", saved.stderr)


if __name__ == "__main__":
    if not clouds.in_own_world():
        print("needs root: a network and mounts of its own")
        sys.exit(77)
    main()
