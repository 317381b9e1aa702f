"""Transfers in the sandbox, with the real rclone: what it can see is looked at from outside."""

import os
import pathlib

from harness import *
from servers import *


class Sandbox(StackTest):
    options = {"worker_config": 'sandbox = "sandboxed_process"\nsandbox_enforce = true'}

    def set_up(self):
        if "does not work" in self.stack.dray("doctor", expect=None).stdout:
            self.skipTest("no sandbox on this machine")
        self.stack.remote("disk", {"type": "local"})
        self.make_files("in", 5)

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
        for kind in ("pid", "mnt", "ipc", "uts"):
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


if __name__ == "__main__":
    main()
