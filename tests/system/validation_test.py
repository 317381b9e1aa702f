"""After a run the copy is compared with its source, as thoroughly as the job says, and nothing is
claimed that was not looked at."""

import os

from harness import *
from servers import *


def damage(path):
    """Other content with the same size and time: what a bad disk does."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xff
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class Validation(StackTest):
    def set_up(self):
        self.stack.remote("disk", {"type": "local"})
        self.source = self.make_files("source", 10)
        self.copy = self.files / "copy"

    def job(self, mode, to=None, *flags):
        self.stack.job("nightly", f"disk:{self.source}", to or f"disk:{self.copy}", "--validation",
                       mode, "--retry-attempts", "1", *flags)

    def run_it(self, state="succeeded"):
        shown = self.stack.wait(self.stack.run("nightly"))
        self.assertEqual(shown["run"]["state"], state, shown)
        reports = shown["attempts"][-1]["report"].get("validation", [])
        return shown, (reports or [None])[0]

    def copied(self, root=None):
        """The files of the copy, wherever the layout puts them."""
        root = root or self.copy
        root = root / "current" if (root / "current").exists() else root
        return sorted(p for p in root.rglob("*") if p.is_file())

    def test_each_mode_says_how_far_it_looked(self):
        for mode, grade in (("size", "size"), ("hash", "hash"), ("download", "hash"),
                            ("sample:50%", "sampled")):
            with self.subTest(mode):
                if mode == "size":
                    self.job(mode)
                else:
                    self.stack.dray("job", "edit", "nightly", "--validation", mode)
                shown, report = self.run_it()
                self.assertEqual((shown["run"]["grade"], report["grade"]), (grade, grade), shown)
                self.assertEqual(report["compared"], 10 if ":" not in mode else report["compared"])
                self.assertGreater(report["compared"], 0)
        self.stack.dray("job", "edit", "nightly", "--validation", "none")
        shown, report = self.run_it()
        self.assertEqual((shown["run"]["grade"], report), ("none", None))
        self.assertIn("sampled", self.stack.dray("runs").stdout)

    def test_damage_is_found_by_the_modes_that_read_and_not_by_the_one_that_does_not(self):
        self.job("size")
        self.run_it()
        damage(self.copied()[3])
        shown, report = self.run_it()
        self.assertEqual(report["grade"], "size", "size cannot know better, and says so")
        for mode in ("hash", "download", "sample:100%"):
            with self.subTest(mode):
                self.stack.dray("job", "edit", "nightly", "--validation", mode)
                shown, report = self.run_it("failed")
                self.assertEqual((shown["run"]["error_class"], shown["run"]["grade"]),
                                 ("integrity", "failed"), shown)
                self.assertEqual(report["differences"], 1)
                self.assertIn("file 0003.bin", report["excerpt"])
                self.assertIn("file 0003.bin", shown["run"]["hint"])
        self.stack.dray("run", "nightly", "--wait", expect=INVALID)
        run = self.stack.json("runs", "--limit", "1")["runs"][0]["run"]
        self.assertIn("file 0003.bin", self.stack.dray("runs", "show", run).stdout)

    def test_damage_can_be_a_warning(self):
        self.job("hash", None, "--validation-on-failure", "warn")
        self.run_it()
        damage(self.copied()[0])
        shown, report = self.run_it("warning")
        self.assertEqual((shown["run"]["grade"], shown["run"]["error_class"]),
                         ("failed", "integrity"))

    def test_no_common_hash_is_never_shown_as_validated(self):
        target = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", target.settings())
        self.job("hash", "dav:copy")
        shown, report = self.run_it("warning")
        self.assertEqual((report["grade"], report["compared"], report["not_comparable"]),
                         ("partial", 0, 10), shown)
        self.assertIn("no hash", shown["run"]["hint"])
        damage(self.copied(target.root / "copy")[5])
        self.assertEqual(self.run_it("warning")[1]["grade"], "partial")
        self.stack.dray("job", "edit", "nightly", "--validation", "download")
        self.assertEqual(self.run_it("failed")[1]["differences"], 1)

    def test_an_encrypted_copy_is_compared_by_the_tool_that_can(self):
        conf = self.stack.dir / "vault.conf"
        conf.write_text(f"[base]\ntype = local\n[vault]\ntype = crypt\nremote = base:{self.copy}\n"
                        f"password = {obscure('a long password')}\n")
        self.stack.dray("remote", "import", conf)
        self.job("hash", "vault:")
        shown, report = self.run_it()
        self.assertEqual((report["grade"], report["tool"]), ("hash", "cryptcheck"), shown)
        damage(self.copied()[0])
        shown, report = self.run_it("failed")
        self.assertEqual((report["grade"], report["differences"]), ("failed", 1), shown)

    def test_s3_and_sftp_copies_are_validated(self):
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        sftp = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("s3", s3.settings())
        self.stack.remote("sftp", sftp.settings())
        self.job("hash", "s3:data/copy")
        self.assertEqual(self.run_it()[1]["grade"], "hash")
        self.stack.job("second", "s3:data/copy", f"sftp:{sftp.root}/copy", "--validation",
                       "download")
        shown = self.stack.wait(self.stack.run("second"))
        self.assertEqual(shown["run"]["grade"], "hash", shown)
        damage(self.copied(sftp.root / "copy")[0])
        shown = self.stack.wait(self.stack.run("second"))
        self.assertEqual((shown["run"]["state"], shown["run"]["grade"]), ("failed", "failed"),
                         shown)

    def test_filtered_files_are_not_missed(self):
        (self.source / "skipped.tmp").write_text("x")
        self.job("hash", None, "--filter", "- *.tmp")
        self.assertEqual(self.run_it()[1]["compared"], 10)

    def test_a_check_job_compares_both_ways_and_changes_nothing(self):
        self.job("none")
        self.run_it()
        copy = self.copied()[0].parent
        self.stack.job("prove", f"disk:{self.source}", f"disk:{copy}x", "--kind", "check",
                       "--retry-attempts", "1")
        self.stack.dray("job", "remove", "nightly")
        self.stack.dray("job", "edit", "prove", "--to", f"disk:{copy}")
        shown = self.stack.wait(self.stack.run("prove"))
        self.assertEqual((shown["run"]["state"], shown["run"]["grade"]), ("succeeded", "hash"),
                         shown)
        (copy / "surplus").write_text("x")
        damage(copy / "file 0001.bin")
        before = {p: p.read_bytes() for p in copy.iterdir()}
        shown = self.stack.wait(self.stack.run("prove"))
        report = shown["attempts"][-1]["report"]["validation"][0]
        self.assertEqual((shown["run"]["state"], report["differences"], report["missing"]),
                         ("failed", 1, 1), shown)
        self.assertEqual(before, {p: p.read_bytes() for p in copy.iterdir()})


class ValidationInterrupted(StackTest):
    """The comparison reads a server that holds it back."""

    def set_up(self):
        self.source = self.make_files("source", 4)
        self.target = self.enterContext(WebDav(self.stack.dir / "dav"))
        # Only a comparison by download reads from the destination.
        self.gate = self.enterContext(Gate(self.target.port, "GET", 0))
        self.stack.remote("disk", {"type": "local"})
        self.stack.remote("dav", self.target.settings(url=f"http://127.0.0.1:{self.gate.port}"))
        self.stack.job("nightly", f"disk:{self.source}", "dav:copy", "--validation", "download")

    def run_in_validation(self):
        run = self.stack.run("nightly")
        self.stack.wait_until(
            lambda: any("check" in argv for argv in self.stack.rclone_processes().values()),
            "the comparison to run")
        return run

    def test_a_run_can_be_cancelled_while_it_is_validated(self):
        run = self.run_in_validation()
        self.stack.dray("cancel", run, "--wait")
        self.assertEqual(self.stack.state(run), "cancelled")
        self.assertEqual(self.stack.rclone_processes(), {})

    def test_a_worker_that_dies_while_it_validates_leaves_a_run_that_is_made_again(self):
        run = self.run_in_validation()
        self.stack.kill("worker1")
        self.gate.allowed = 1000
        self.stack.start("worker1")
        shown = self.stack.wait(run, deadline_s=90)
        self.assertEqual((shown["run"]["state"], shown["run"]["grade"]), ("succeeded", "hash"),
                         shown)


if __name__ == "__main__":
    main()
