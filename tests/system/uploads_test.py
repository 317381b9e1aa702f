"""Files that are handed in: stored whole or not at all, whatever breaks on the way."""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import tempfile
import zlib

from harness import *
from servers import *

MIB = 1 << 20


class Uploads(StackTest):
    options = {"worker_config": 'upload_patience = "5s"'}

    def set_up(self):
        self.stack.remote("disk", {"type": "local"})
        self.store = self.files / "store"
        self.job("in", "--no-encrypt")

    def job(self, name, *flags, to=None, **options):
        return self.stack.dray("job", "add", name, "--kind", "upload", "--to",
                               to or f"disk:{self.store}", *flags, **options)

    def file(self, name="data.bin", size=100_000):
        path = self.stack.dir / name
        with open(path, "wb") as out:
            for _ in range(size // MIB):
                out.write(os.urandom(MIB))
            out.write(os.urandom(size % MIB))
        return path

    def start_push(self, path, *flags):
        return subprocess.Popen(self.stack.argv("push", path, *flags, "--json"),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=die_with_parent, text=True)

    def wait_half_way(self, least=8 * MIB):
        """Until the worker has passed on some of the only open upload; returns its run."""
        def half_way():
            for run in self.stack.json("runs", "--state", "open")["runs"]:
                shown = self.stack.json("runs", "show", run["run"])["run"]
                if shown["progress"] and shown["progress"]["bytes_done"] >= least:
                    return run["run"]
        return self.stack.wait_until(half_way, "an upload on its way", 60)

    def slow(self):
        """A worker whose uploads take long enough to be disturbed: nothing reads the pipe for a while."""
        for pid in self.stack.wait_for_rclone():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def go_on(self):
        for pid in self.stack.rclone_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def stored(self):
        return {str(p.relative_to(self.store)) for p in self.store.rglob("*") if p.is_file()}

    def assert_nothing_stored(self):
        self.assertEqual([str(p) for p in self.store.rglob("*")
                          if p.is_file() or "incoming" in p.name], [])

    def test_a_file_is_stored_and_its_receipt_is_kept(self):
        path = self.file()
        content = path.read_bytes()
        receipt = self.stack.json("push", path)
        self.assertEqual(receipt["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(receipt["crc32"], f"{zlib.crc32(content):08x}")
        self.assertEqual((receipt["name"], receipt["size"]), ("data.bin", len(content)))
        self.assertEqual(receipt["path"], f"disk:{self.store}/current/data.bin")
        self.assertEqual((self.store / "current/data.bin").read_bytes(), content)
        self.assertEqual(self.stored(), {"current/data.bin"})
        self.assertEqual(self.stack.json("receipts", "data.bin")["receipts"], [receipt])
        self.assertEqual(self.stack.json("receipts", "--client", "nobody")["receipts"], [])
        self.assertIn(receipt["sha256"], self.stack.dray("receipts").stdout)

    def test_an_empty_file_and_one_in_a_folder(self):
        self.stack.dray("push", self.file("empty", 0))
        self.stack.dray("push", self.file("deep", 10), "--name", "2026/11/deep.bin")
        self.assertEqual(self.stored(), {"current/empty", "current/2026/11/deep.bin"})
        self.assertEqual((self.store / "current/empty").stat().st_size, 0)

    def test_a_file_of_the_same_name_moves_the_older_one_out_of_the_way(self):
        first = self.file().read_bytes()
        self.stack.dray("push", self.stack.dir / "data.bin")
        second = self.file().read_bytes()
        run = self.stack.json("push", self.stack.dir / "data.bin")["run"]
        self.assertEqual((self.store / "current/data.bin").read_bytes(), second)
        self.assertEqual((self.store / f"versions/{run:012}/data.bin").read_bytes(), first)

    def test_uploads_are_encrypted_unless_somebody_says_otherwise(self):
        self.job("safe", to=f"disk:{self.files}/safe")
        path = self.file()
        self.stack.dray("push", path, "--job", "safe")
        names = [p.name for p in (self.files / "safe").rglob("*")]
        self.assertNotIn("data.bin", names)
        self.assertTrue(names)
        key = self.stack.dray("job", "export-key", "safe").stdout
        conf = self.stack.dir / "plain.conf"
        conf.write_text(key + "\n[disk]\ntype = local\n")
        read = subprocess.run(["rclone", "--config", str(conf), "cat",
                               "safe-crypt:current/data.bin"], capture_output=True)
        self.assertEqual(read.stdout, path.read_bytes())

    def test_names_that_lead_out_are_refused_before_anything_is_made(self):
        path = self.file()
        for name in ("../x", "/x", "a//b", "NUL", "x\x07", ".dray-x", "a\\b", ""):
            self.stack.dray("push", path, "--name", name, expect=USAGE)
        self.assertEqual(self.stack.json("runs")["runs"], [])

    def test_who_cannot_take_files_says_so(self):
        path = self.file()
        self.stack.dray("client", "add", "acme")
        refused = self.stack.dray("push", path, "--client", "acme", expect=NOT_FOUND)
        self.assertIn("dray job add", refused.stderr)
        self.assertIn("dray push", self.stack.dray("run", "in", expect=USAGE).stderr)
        self.job("in2", to=f"disk:{self.files}/store2")
        self.assertIn("--job", self.stack.dray("push", path, expect=CONFLICT).stderr)

    def test_a_large_file_takes_no_more_memory_than_a_small_one(self):
        path = self.file("large.bin", 300 * MIB)
        push = self.start_push(path)
        peaks = {}
        def watch(name, pid):
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    peaks[name] = max(peaks.get(name, 0), int(line.split()[1]) // 1024)
        out, err = push.communicate(timeout=300 * SLOWNESS)
        self.assertEqual(push.returncode, 0, err)
        for name in ("broker", "worker1", "drayd"):
            watch(name, self.stack.processes[name].pid)
        if SLOWNESS == 1:  # sanitizers keep what was freed
            self.assertLess(max(peaks.values()), 150, peaks)
        self.assertEqual((self.store / "current/large.bin").stat().st_size, 300 * MIB)

    def test_a_broker_that_starts_anew_does_not_disturb(self):
        path = self.file("large.bin", 64 * MIB)
        push = self.start_push(path)
        self.slow()
        self.wait_half_way(0)
        self.stack.restart("broker")
        self.go_on()
        out, err = push.communicate(timeout=120 * SLOWNESS)
        self.assertEqual(push.returncode, 0, err)
        self.assertEqual(hashlib.sha256((self.store / "current/large.bin").read_bytes()).hexdigest(),
                         hashlib.sha256(path.read_bytes()).hexdigest())

    def test_a_killed_worker_is_followed_by_another_attempt_from_the_first_byte(self):
        path = self.file("large.bin", 64 * MIB)
        push = self.start_push(path)
        self.slow()
        self.stack.restart("worker1")
        out, err = push.communicate(timeout=120 * SLOWNESS)
        self.assertEqual(push.returncode, 0, err)
        self.assertEqual(self.stored(), {"current/large.bin"})
        self.assertEqual((self.store / "current/large.bin").read_bytes(), path.read_bytes())
        self.assertFalse(list(self.store.glob(".dray*")))

    def test_a_cancelled_upload_leaves_nothing(self):
        push = self.start_push(self.file("large.bin", 64 * MIB))
        self.slow()
        run = self.wait_half_way(0)
        self.stack.dray("cancel", run)
        self.go_on()
        self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")
        self.assertEqual(push.wait(60 * SLOWNESS), CANCELLED)
        push.communicate()
        self.assert_nothing_stored()
        self.assertEqual(self.stack.json("receipts")["receipts"], [])

    def test_ctrl_c_cancels_the_run(self):
        push = self.start_push(self.file("large.bin", 64 * MIB))
        self.slow()
        run = self.wait_half_way(0)
        push.send_signal(signal.SIGINT)
        self.go_on()
        push.communicate(timeout=90 * SLOWNESS)
        self.assertIn(self.stack.wait(run)["run"]["state"], ("cancelled", "failed"))
        self.assertNotEqual(push.returncode, 0)
        self.assert_nothing_stored()

    def test_a_killed_sender_ends_the_run_and_leaves_nothing(self):
        push = self.start_push(self.file("large.bin", 64 * MIB))
        self.slow()
        run = self.wait_half_way(0)
        push.kill()
        push.communicate()
        self.go_on()
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "failed", shown)
        self.assertIn("sender", shown["run"]["hint"])
        self.assert_nothing_stored()

    def test_a_worker_that_dies_with_its_sender_leaves_nothing(self):
        push = self.start_push(self.file("large.bin", 64 * MIB))
        self.slow()
        run = self.wait_half_way(0)
        push.kill()
        push.communicate()
        self.stack.restart("worker1")
        self.assertEqual(self.stack.wait(run)["run"]["state"], "failed")
        self.assert_nothing_stored()

    def test_several_at_once(self):
        paths = [self.file(f"f{i}", 3 * MIB) for i in range(4)]
        pushes = [self.start_push(p) for p in paths]
        for push, path in zip(pushes, paths):
            out, err = push.communicate(timeout=120 * SLOWNESS)
            self.assertEqual(push.returncode, 0, err)
            self.assertEqual((self.store / "current" / path.name).read_bytes(), path.read_bytes())


class UploadsToTheStore(StackTest):
    def setUp(self):
        self.store = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.options = {"config": f'[destination.default]\nremote = "store"\npath = "{self.store}"\n',
                        "worker_config": ""}
        super().setUp()

    def test_the_first_push_makes_the_clients_job(self):
        self.enterContext(sftp := Sftp(self.stack.dir / "sftp"))
        self.stack.remote("store", sftp.settings())
        path = self.stack.dir / "dump.sql"
        path.write_text("select 1;")
        for _ in range(2):
            receipt = self.stack.json("push", path)
            self.assertEqual(receipt["job"], "default-uploads")
        place = self.store / "default/default-uploads"
        self.assertTrue([p for p in place.rglob("*") if p.is_file()])
        self.assertFalse(list(self.store.rglob("dump.sql")))
        self.assertIn("password", self.stack.json("job", "export-key", "default-uploads"))


class UploadsElsewhere(StackTest):
    def test_s3_and_sftp_and_reading_back(self):
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        sftp = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("s3", s3.settings())
        self.stack.remote("sftp", sftp.settings())
        content = os.urandom(12 * MIB + 17)
        path = self.stack.dir / "file.bin"
        path.write_bytes(content)
        for name, to in (("clear", "s3:data/clear"), ("sealed", "s3:data/sealed"),
                         ("ssh", f"sftp:{sftp.root}/in")):
            flags = [] if name == "sealed" else ["--no-encrypt"]
            self.stack.dray("job", "add", name, "--kind", "upload", "--to", to, *flags)
            receipt = self.stack.json("push", path, "--job", name, timeout=120)
            self.assertEqual(receipt["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual((sftp.root / "in/current/file.bin").read_bytes(), content)
        self.assertFalse(list((sftp.root / "in").glob(".dray*")))


if __name__ == "__main__":
    main()
