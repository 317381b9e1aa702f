"""Archives: one compressed stream per run, that anybody can read with cat, zstd and tar."""

import base64
import hashlib
import os
import pathlib
import re

from archives import *
from harness import *
from servers import *


class Archive(ArchiveTest):
    def test_a_folder_of_this_machine_comes_out_of_its_archive_as_it_was(self):
        self.fill_awkward(self.source)
        shown = self.archive()
        self.assertEqual(shown["run"]["files"], len(AWKWARD))
        volumes, _ = self.parts()
        self.assertRegex(volumes[0].name, rf"^\d{{8}}T\d{{6}}Z-run{shown['run']['run']}\.tar\.zst$")
        self.assert_archive_equals(self.tree(self.source))

    def test_the_manifest_tells_size_time_and_hash_of_every_file_and_of_the_volume(self):
        self.fill_awkward(self.source)
        self.archive()
        lines = self.manifest()
        files = {l["path"].encode() if "path" in l else base64.b64decode(l["path_base64"]): l
                 for l in lines if "size" in l and "volume" not in l}
        self.assertEqual(set(files), set(AWKWARD))
        for name, line in files.items():
            with open(os.path.join(os.fsencode(self.source), name), "rb") as file:
                content = file.read()
            self.assertEqual((line["size"], line["sha256"]),
                             (len(content), hashlib.sha256(content).hexdigest()), line)
        self.assertEqual(files[b"plain.txt"]["mtime"], "2020-09-13T12:26:40.123456789Z")
        volumes, _ = self.parts()
        self.assertEqual([l for l in lines if "volume" in l], [
            {"volume": 1, "name": volumes[0].name, "size": volumes[0].stat().st_size,
             "sha256": hashlib.sha256(volumes[0].read_bytes()).hexdigest()}])

    def test_a_webdav_server_is_archived_to_an_sftp_server(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        sftp = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("dav", dav.settings())
        self.stack.remote("sftp", sftp.settings())
        for i in range(200):
            self.put(dav.root, f"folder {i % 7}/file {i} ü".encode(), os.urandom(i * 37),
                     1_600_000_000_000_000_000 + i * 10**9)
        self.put(dav.root, b"large", os.urandom(20_000_000), 1_600_000_000_000_000_000)
        os.mkdir(dav.root / "empty")
        shown = self.archive("dav:", f"sftp:{sftp.root}/backup")
        self.assertEqual(shown["run"]["files"], 201)
        self.assert_archive_equals(self.tree(dav.root), sftp.root / "backup")

    def test_an_s3_server_is_archived_to_an_s3_server(self):
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        self.stack.remote("s3", s3.settings())
        data = self.files / "data"
        for i in range(100):
            self.put(data, f"folder {i % 7}/file {i} ü&+%41".encode(), os.urandom(i * 37),
                     1_600_000_000_000_000_000 + i * 10**9)
        self.put(data, b"large", os.urandom(12_000_000), 1_600_000_000_000_000_000)
        self.bare_rclone("copy", data, "s3:data/source", s3)
        shown = self.archive("s3:data/source", "s3:data/backup")
        self.assertEqual(shown["run"]["files"], 101)
        self.bare_rclone("copy", "s3:data/backup", self.target, s3)
        volumes, _ = self.parts()
        # The bucket has no folders, so they have no times.
        files = {k: v for k, v in self.tree(self.unpack(volumes)).items() if v}
        self.assertEqual(files, {k: v for k, v in self.tree(data).items() if v})

    def test_a_large_archive_is_cut_into_volumes_that_read_as_one(self):
        self.put(self.source, b"noise", os.urandom(5_000_000), 1_600_000_000_000_000_000)
        self.fill_awkward(self.source)
        shown = self.archive("", "", "--archive-volume", "1M")
        volumes, _ = self.parts()
        self.assertEqual([v.name[-12:] for v in volumes],
                         [f".tar.zst.{i:03}" for i in range(1, 6)])
        self.assertEqual({v.stat().st_size for v in volumes[:-1]}, {1 << 20})
        self.assertEqual([l["name"] for l in self.manifest() if "volume" in l],
                         [v.name for v in volumes])
        self.assert_archive_equals(self.tree(self.source))

    def test_filters_leave_files_out(self):
        self.put(self.source, b"a.txt", b"a")
        self.put(self.source, b"b.tmp", b"b")
        self.archive("", "", "--filter", "- *.tmp")
        self.assertEqual([l["path"] for l in self.manifest() if "size" in l and "path" in l],
                         ["a.txt"])

    def test_a_dry_run_and_an_empty_source_make_no_archive(self):
        self.stack.job("nightly", f"disk:{self.source}", f"disk:{self.target}", "--kind", "archive")
        shown = self.stack.wait(self.stack.run("nightly"))
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]), ("warning", "guard"))
        self.put(self.source, b"a", b"a")
        shown = self.stack.wait(self.stack.run("nightly", "--dry-run"))
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertIn("1 files", shown["run"]["hint"])
        self.assertEqual(os.listdir(self.target), [])

    def test_a_file_that_cannot_be_read_is_a_warning_that_names_it(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        gate = self.enterContext(Refusing(dav.port, "/secret"))
        self.stack.remote("dav", dav.settings(url=f"http://127.0.0.1:{gate.port}"))
        self.put(dav.root, b"open", b"open")
        self.put(dav.root, b"secret", b"secret")
        shown = self.archive("dav:", state="warning")
        self.assertIn("secret", shown["run"]["hint"])
        self.assertIn("secret", self.stack.dray("logs", shown["run"]["run"]).stdout)
        lines = {l["path"]: l for l in self.manifest() if "path" in l}
        self.assertIn("error", lines["secret"])
        volumes, _ = self.parts()
        self.assertEqual({k: v and v[1] for k, v in self.tree(self.unpack(volumes)).items()},
                         {b".": None, b"open": b"open"})

    def slow(self, *flags, to=None):
        self.put(self.source, b"noise", os.urandom(3_000_000))
        self.stack.job("nightly", f"disk:{self.source}", to or f"disk:{self.target}", "--kind",
                       "archive", "--bandwidth", "50k", "--retry-backoff", "1s", *flags)
        run = self.stack.run("nightly")
        self.stack.wait_until(lambda: any("rcat" in argv for argv in
                                          self.stack.rclone_processes().values()), "an upload")
        return run

    def test_a_cancelled_upload_leaves_no_process_and_no_file(self):
        run = self.slow()
        self.stack.wait_until(lambda: any(n.endswith(".zst") for _, _, names in os.walk(self.target)
                                          for n in names), "a part of the archive")
        self.stack.dray("cancel", run, "--reason", "no", "--wait")
        self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertEqual([n for _, _, names in os.walk(self.target) for n in names], [])

    def test_a_cancel_while_the_source_is_listed_or_read_ends_it(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.put(dav.root, b"a", b"a")
        for method in ("PROPFIND", "GET"):
            gate = self.enterContext(Gate(dav.port, method, 0))
            name = method.lower()
            self.stack.remote(name, dav.settings(url=f"http://127.0.0.1:{gate.port}"))
            self.stack.job(name, f"{name}:", f"disk:{self.target}/{name}", "--kind", "archive")
            run = self.stack.run(name)
            wanted = "lsjson" if method == "PROPFIND" else self.fetching
            self.stack.wait_until(lambda: any(wanted in argv for argv in
                                              self.stack.rclone_processes().values()), wanted)
            self.stack.dray("cancel", run, "--reason", "no", "--wait")
            self.assertEqual(self.stack.wait(run)["run"]["state"], "cancelled")
            self.assertEqual(self.stack.rclone_processes(), {})

    def test_a_killed_worker_never_makes_a_short_archive_look_complete(self):
        run = self.slow()
        self.stack.kill("worker1")
        self.stack.assert_no_rclone()
        names = [n for _, _, found in os.walk(self.target) for n in found]
        self.assertFalse(any("manifest" in n for n in names), names)
        self.stack.dray("job", "edit", "nightly", "--bandwidth", "off")
        self.stack.start("worker1")
        shown = self.stack.wait(run, deadline_s=120)
        self.assertEqual((shown["run"]["state"], shown["run"]["attempt"]), ("succeeded", 2), shown)
        self.assert_archive_equals(self.tree(self.source))

    def test_credentials_and_names_are_in_no_argument(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", dav.settings())
        self.put(dav.root, b"noise", os.urandom(3_000_000))
        self.stack.job("nightly", "dav:", f"disk:{self.target}", "--kind", "archive", "--bandwidth",
                       "50k")
        run = self.stack.run("nightly")
        serving = self.stack.wait_until(
            lambda: {p: a for p, a in self.stack.rclone_processes().items() if "serve" in a}, "serve")
        for pid, argv in serving.items():
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            self.assertNotIn(b"RCLONE", environment)
            self.assertFalse([a for a in argv if a in ("--user", "--pass")], argv)
        self.stack.dray("cancel", run, "--reason", "seen", "--wait")

    def test_memory_does_not_grow_with_the_source(self):
        # The pages of the file are holes: only time and memory are measured, not the disk.
        with open(self.source / "large", "wb") as file:
            file.truncate(2 << 30)
        before = self.peak_kib()
        self.archive(deadline_s=300)
        grown = self.peak_kib() - before
        # Windows and jobs of zstd, the pipes and the libraries: far below the 2 GiB of the source.
        self.assertLess(grown, 250_000, f"{grown} KiB")

    def peak_kib(self):
        pid = self.stack.processes["worker1"].pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


if __name__ == "__main__":
    main()
