"""Archives of small objects that come in batches, through the memory that holds the runs' directories."""

import os

import archive_test
from archives import *
from harness import *
from servers import *


class ArchiveThroughMemory(archive_test.Archive):
    """Where the runs' directories lie in memory, small objects of some remotes come in batches."""

    options = {"runs_in_memory": True}
    fetching = "copy"

    def test_objects_of_an_s3_server_keep_their_times_whatever_their_size(self):
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        self.stack.remote("s3", s3.settings())
        data = self.files / "data"
        self.put(data, b"empty", b"", 1_600_000_000_123_456_000)
        self.put(data, "small ü".encode(), b"small", 1_600_000_001_123_456_000)
        self.put(data, b"large", os.urandom(3_000_000), 1_600_000_002_123_456_000)
        self.put(data, b"folder/larger", os.urandom(7_000_000), 1_600_000_003_123_456_000)
        self.bare_rclone("copy", data, "s3:data/source", s3)
        self.archive("s3:data/source")
        volumes, _ = self.parts()
        self.assertEqual({k: v for k, v in self.tree(self.unpack(volumes)).items() if v},
                         {k: v for k, v in self.tree(data).items() if v})

    def caught_in_a_batch(self, *flags):
        """A run whose first batch waits for its objects."""
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        gate = self.enterContext(Gate(dav.port, "GET", 0))
        self.stack.remote("dav", dav.settings(url=f"http://127.0.0.1:{gate.port}"))
        for i in range(300):
            self.put(dav.root, f"folder {i % 3}/file {i}".encode(), os.urandom(1000),
                     1_600_000_000_000_000_000 + i * 10**9)
        self.stack.job("nightly", "dav:", f"disk:{self.target}", "--kind", "archive", *flags)
        run = self.stack.run("nightly")
        copies = self.stack.wait_until(
            lambda: [a for a in self.stack.rclone_processes().values() if "copy" in a], "a batch")
        self.assertTrue(all("--files-from-raw" in argv for argv in copies), copies)
        return dav, run

    def left(self):
        return list(self.stack.work_dir.glob("*/run-*"))

    def test_small_objects_come_in_batches_and_nothing_is_left_of_them(self):
        _, run = self.caught_in_a_batch()
        self.stack.dray("cancel", run, "--reason", "seen", "--wait")
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertEqual(self.left(), [])

    def test_a_worker_that_is_killed_amid_a_batch_leaves_nothing_of_it(self):
        dav, run = self.caught_in_a_batch("--retry-backoff", "1s")
        self.stack.kill("worker1")
        self.stack.assert_no_rclone()
        self.stack.remote("dav", dav.settings())  # no longer through the gate
        self.stack.start("worker1")
        shown = self.stack.wait(run, deadline_s=120)
        self.assertEqual((shown["run"]["state"], shown["run"]["attempt"], shown["run"]["files"]),
                         ("succeeded", 2, 300), shown)
        self.assert_archive_equals(self.tree(dav.root))
        self.assertEqual(self.left(), [])

# Of the tests above those run once more whose source is a remote.
for name in [n for n in vars(archive_test.Archive) if n.startswith("test_") and not any(
        part in n for part in ("server", "cannot_be_read", "cancel_while", "argument"))]:
    setattr(ArchiveThroughMemory, name, None)


class ArchiveThroughMemoryConfined(ArchiveTest):
    """The batches of a run in the sandbox lie where its processes and the worker both see them."""

    options = {"runs_in_memory": True,
               "worker_config": 'sandbox = "sandboxed_process"\nsandbox_enforce = true'}

    def test_batches_of_a_confined_run_are_packed(self):
        if "does not work" in self.stack.dray("doctor", expect=None).stdout:
            self.skipTest("no sandbox on this machine")
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", dav.settings())
        for i in range(100):
            self.put(dav.root, f"folder {i % 3}/file {i}".encode(), os.urandom(1000),
                     1_600_000_000_000_000_000 + i * 10**9)
        shown = self.archive("dav:")
        self.assertEqual(shown["attempts"][-1]["report"]["sandbox"], "sandboxed_process")
        self.assert_archive_equals(self.tree(dav.root))


if __name__ == "__main__":
    main()
