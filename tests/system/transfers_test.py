"""What becomes of a backup: good ones, bad ones, and what the user is told."""

import os
import subprocess

from harness import *
from servers import *


class Transfers(StackTest):
    def set_up(self):
        self.source = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("dav", self.source.settings())
        self.stack.remote("sftp", self.target.settings())

    def fill(self, count=10, size=1000):
        for i in range(count):
            (self.source.root / f"f {i} ü.bin").write_bytes(os.urandom(size))

    def job(self, name="nightly", source="dav:", to=None, *flags):
        self.stack.job(name, source, to or f"sftp:{self.target.root}/copy", *flags)
        return name

    def test_a_backup_between_two_protocols_succeeds_and_equals_its_source(self):
        self.fill()
        run = self.stack.run(self.job())
        shown = self.stack.wait(run, deadline_s=60)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(shown["run"]["files"], 10)
        self.assertEqual(shown["run"]["bytes"], 10_000)
        self.assert_same(self.source.root, self.target.root / "copy")

    def test_a_second_run_with_nothing_changed_says_nothing_to_do(self):
        self.fill()
        self.job()
        self.stack.dray("run", "nightly", "--wait")
        run = self.stack.run("nightly")
        shown = self.stack.wait(run)
        self.assertEqual((shown["run"]["state"], shown["run"]["outcome"]),
                         ("succeeded", "nothing_to_do"))

    def test_waiting_returns_the_outcome_of_the_run(self):
        self.fill(2)
        self.job()
        self.stack.dray("run", "nightly", "--wait", expect=OK)
        self.job("broken", "dav:not/there", f"sftp:{self.target.root}/broken", "--retry-attempts", "1")
        self.stack.dray("run", "broken", "--wait", expect=FAILED)

    def test_a_copy_never_deletes(self):
        self.fill(3)
        keep = self.target.root / "copy/keep"
        keep.parent.mkdir()
        keep.write_text("mine")
        self.job("copying", "dav:", None, "--kind", "copy")
        self.stack.dray("run", "copying", "--wait")
        self.assertEqual(keep.read_text(), "mine")

    def test_a_dry_run_changes_nothing(self):
        self.fill(3)
        self.job()
        self.stack.dray("run", "nightly", "--dry-run", "--wait")
        self.assertFalse((self.target.root / "copy").exists())

    def test_filters_leave_files_out(self):
        self.fill(2)
        (self.source.root / "a.tmp").write_text("x")
        self.job("filtered", "dav:", None, "--filter", "- *.tmp")
        self.stack.dray("run", "filtered", "--wait")
        self.assertFalse((self.target.root / "copy/a.tmp").exists())
        self.assertEqual(len(list((self.target.root / "copy").iterdir())), 2)

    def ends(self, source, to, state, error_class, hint_holds, *flags):
        self.job("bad", source, to, "--retry-attempts", "1", *flags)
        shown = self.stack.wait(self.stack.run("bad"), deadline_s=90)
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]), (state, error_class),
                         shown)
        self.assertIn(hint_holds.lower(), shown["run"]["hint"].lower(), shown)
        return shown

    def test_a_missing_source_folder_is_not_found(self):
        self.ends("dav:not/there", None, "failed", "not_found", "exist")

    def test_a_missing_bucket_is_not_found(self):
        self.fill(1)
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        self.stack.remote("s3", s3.settings())
        self.ends("dav:", "s3:no-such-bucket/x", "failed", "not_found", "bucket")

    def test_bad_credentials_are_an_auth_failure(self):
        self.fill(1)
        self.stack.remote("locked", self.source.settings(user="nobody"))
        self.ends("locked:", None, "failed", "auth", "login")

    def test_a_wrong_ssh_key_is_an_auth_failure(self):
        self.fill(1)
        other = self.stack.dir / "otherkey"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
        self.stack.remote("stranger", self.target.settings(key_file=str(other)))
        self.ends("dav:", f"stranger:{self.target.root}/x", "failed", "auth", "key")

    def test_an_unreachable_host_is_a_network_failure(self):
        self.stack.remote("away", self.source.settings(url=f"http://127.0.0.1:{free_port()}"))
        self.ends("away:", None, "failed", "network", "connect")

    def test_a_folder_without_permission_is_a_permission_failure(self):
        self.fill(2)
        sealed = self.stack.dir / "files/sealed"
        sealed.mkdir(parents=True)
        if os.geteuid() == 0:
            # Root may write anywhere but into an immutable folder.
            if subprocess.run(["chattr", "+i", str(sealed)]).returncode:
                self.skipTest("no file system with immutable folders")
            self.addCleanup(subprocess.run, ["chattr", "-i", str(sealed)], check=True)
        else:
            sealed.chmod(0o500)
        self.stack.remote("disk", {"type": "local"})
        self.ends("dav:", f"disk:{sealed}/x", "failed", "permission", "allow")

    def test_a_full_destination_is_storage_full(self):
        self.fill(40, 100_000)
        small = self.stack.dir / "files/small"
        small.mkdir(parents=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)])
        if mounted.returncode:
            self.skipTest("no right to mount a small file system")
        self.addCleanup(subprocess.run, ["umount", str(small)], check=True)
        self.stack.remote("disk", {"type": "local"})
        self.ends("dav:", f"disk:{small}", "failed", "storage_full", "space")

    def test_a_retryable_failure_is_tried_again_and_then_succeeds(self):
        self.fill(2)
        self.source.stop()
        self.job("patient", "dav:", None, "--retry-attempts", "100", "--retry-backoff", "1s",
                 "--retry-backoff-max", "1s")
        run = self.stack.run("patient")
        self.stack.wait_until(
            lambda: "run.retry" in (e["kind"] for e in self.stack.show(run)["events"]), "a retry")
        self.source.start()
        shown = self.stack.wait(run, deadline_s=60)
        self.assertEqual(shown["run"]["state"], "succeeded")
        self.assertGreater(shown["run"]["attempt"], 1)

    def test_a_remote_test_explains_a_failure_in_one_sentence(self):
        self.stack.dray("remote", "test", "dav")
        self.stack.remote("locked", self.source.settings(user="nobody"))
        done = self.stack.dray("remote", "test", "locked", expect=FAILED)
        self.assertIn("login", (done.stdout + done.stderr).lower())

    def test_logs_are_readable_raw_and_kept_after_the_run(self):
        self.fill(3)
        self.job("loud", "dav:", None, "--file-log")
        run = self.stack.run("loud")
        self.stack.wait(run)
        readable = self.stack.dray("logs", run).stdout
        self.assertIn("Copied (new)", readable)
        self.assertNotIn('{"level"', readable)
        self.assertIn('"object"', self.stack.dray("logs", run, "--raw").stdout)


if __name__ == "__main__":
    main()
