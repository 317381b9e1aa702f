"""Transfers in the sandbox, with the real rclone: what it can see is looked at from outside."""

import os
import pathlib
import tempfile

from harness import *
from servers import *


class SandboxTest(StackTest):
    options = {"worker_config": 'sandbox = "sandboxed_process"\nsandbox_enforce = true'}

    def set_up(self):
        if "does not work" in self.stack.dray("doctor", expect=None).stdout:
            self.skipTest("no sandbox on this machine")
        self.stack.remote("disk", {"type": "local"})
        self.make_files("in", 5)


class Sandbox(SandboxTest):
    def test_transfers_work_in_it(self):
        target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("sftp", target.settings())
        self.stack.job("near", f"disk:{self.files}/in", f"disk:{self.files}/out/deep")
        self.stack.job("far", f"disk:{self.files}/in", f"sftp:{target.root}/copy", "--encrypt")
        self.stack.job("back", f"sftp:{target.root}/copy", f"disk:{self.files}/sealed")
        for job in ("near", "far", "back"):
            self.stack.dray("run", job, "--wait")
        out = self.files / "out/deep"
        self.assert_same(self.files / "in", out / "current" if (out / "current").is_dir() else out)

    def test_archives_versions_and_restores_work_in_it(self):
        self.stack.job("packed", f"disk:{self.files}/in", f"disk:{self.files}/packs", "--kind",
                       "archive", "--restore-drill", "daily")
        self.stack.job("kept", f"disk:{self.files}/in", f"disk:{self.files}/kept", "--layout",
                       "mirror", "--versions-path", f"disk:{self.files}/older")
        for job in ("packed", "kept"):
            self.stack.dray("run", job, "--wait")
            self.stack.dray("restore", job, "--to", f"disk:{self.files}/back/{job}", "--wait")
            self.assert_same(self.files / "in", self.files / "back" / job)
        self.stack.wait_until(lambda: [r for r in self.stack.json("runs", "list")["runs"]
                                       if r["trigger"] == "drill" and r["state"] == "succeeded"],
                              "a drill")

    def test_doctor_says_that_it_works_and_is_enforced(self):
        said = self.stack.dray("doctor", expect=None).stdout
        self.assertRegex(said, r"sandbox of worker1.*works; transfers live in it, enforced")

    def slow_rclone(self):
        with open(self.files / "in/large", "wb") as out:
            out.truncate(64 << 20)
        self.stack.job("slow", f"disk:{self.files}/in", f"disk:{self.files}/out", "--bandwidth", "1M",
                       "--sandbox", "local_process")  # which is not heard
        run = self.stack.run("slow")
        processes = self.stack.wait_for_rclone()
        # The program itself, not bubblewrap around it.
        pid = next(p for p, argv in processes.items() if argv[0].endswith("rclone"))
        return run, pid

    def test_rclone_has_nothing_but_its_own(self):
        run, pid = self.slow_rclone()
        root = pathlib.Path(f"/proc/{pid}/root")
        for path in ("etc/shadow", "etc/passwd", "root", "home", "var", "usr/bin/python3", "sys",
                     str(self.stack.dir / "data")[1:], str(self.stack.dir / "run/broker")[1:]):
            self.assertFalse((root / path).exists(), path)
        self.assertTrue((root / str(self.files / "in/large")[1:]).exists())
        self.assertEqual({p.name for p in (root / str(self.stack.dir / "run/worker1")[1:]).iterdir()},
                         {p.name for p in (self.stack.dir / "run/worker1").glob(f"run-{run}-*")})
        for kind in ("pid", "mnt"):
            self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/{kind}"),
                                os.readlink(f"/proc/self/ns/{kind}"), kind)
        status = dict(line.split(":\t") for line in
                      pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.stack.dray("cancel", run)
        self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")
        self.stack.assert_no_rclone()

    def test_nothing_survives_a_killed_worker(self):
        self.slow_rclone()
        self.stack.kill("worker1")
        self.stack.assert_no_rclone()


SPY = """#!/bin/sh
for path in /etc/shadow /etc/passwd /home /root /var {data} {run} {hidden}; do
  [ -e "$path" ] && echo "sees $path"
done
[ -e {readable}/file ] && echo "reads what it was given"
touch {readable}/mark 2> /dev/null && echo "changes what it may only read"
touch {writable}/mark && echo "changes what it was given"
touch /tmp/mark && echo "has a place for temporary files"
find {run} -name rclone.conf
exit 0
"""
PROGRAMS = """
[hooks.spy]
program = "{dir}/spy"
readable = ["{dir}/readable"]
writable = ["{dir}/writable"]
[hooks.free]
program = "{dir}/spy"
sandbox = false
[commands.spy]
program = "{dir}/spy"
readable = ["{dir}/readable"]
writable = ["{dir}/writable"]
"""


class SandboxedPrograms(SandboxTest):
    """Hooks and commands live where their run lives, and see what their administrator gives them."""

    def setUp(self):
        self.programs = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="dray-programs-")))
        for folder in ("readable", "writable", "hidden"):
            (self.programs / folder).mkdir()
            (self.programs / folder / "file").touch()
        self.options = {**self.options, "config": PROGRAMS.format(dir=self.programs)}
        super().setUp()

    def set_up(self):
        super().set_up()
        spy = self.programs / "spy"
        spy.write_text(SPY.format(
            data=self.stack.dir / "data", run=self.stack.dir / "run", hidden=self.programs / "hidden",
            readable=self.programs / "readable", writable=self.programs / "writable"))
        spy.chmod(0o755)

    def said(self, *flags):
        self.stack.dray("job", "add", "spied", *flags, "--retry-attempts", "1")
        shown = self.stack.wait(self.stack.run("spied"))
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(shown["attempts"][-1]["report"]["sandbox"], "sandboxed_process")
        return self.stack.dray("logs", shown["run"]["run"]).stdout

    def assert_confined(self, said):
        for path in ("/etc", "/home", "/root", "/var", "hidden", str(self.stack.dir / "data")):
            self.assertNotIn(f"sees {path}", said)
        self.assertIn("reads what it was given", said)
        self.assertNotIn("changes what it may only read", said)
        self.assertIn("changes what it was given", said)
        self.assertTrue((self.programs / "writable/mark").exists())
        self.assertIn("has a place for temporary files", said)
        self.assertNotIn("rclone.conf", said)

    def transfer(self, hook):
        return self.said("--from", f"disk:{self.files}/in", "--to",
                         f"disk:{self.files}/out", "--before", f"{hook}:fail")

    def test_a_hook_sees_what_its_administrator_gives_it(self):
        self.assert_confined(self.transfer("spy"))

    def test_a_command_sees_what_its_administrator_gives_it(self):
        self.assert_confined(self.said("--command", "spy"))

    def test_a_program_that_needs_the_machine_is_left_outside(self):
        said = self.transfer("free")
        for path in ("/etc/passwd", self.programs / "hidden", self.stack.dir / "data"):
            self.assertIn(f"sees {path}", said)


if __name__ == "__main__":
    main()
