"""Archives: one compressed stream per run, that anybody can read with cat, zstd and tar."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import selectors
import socket
import subprocess

from harness import *
from servers import *

AWKWARD = [b"plain.txt", b" lead and trail ", b"new\nline", b"tab\tand \x01\x7f", b"bytes \xff\xfe.bin",
           "snowman ☃ ü.jpg".encode(), "symbol ␊ and ‛quote".encode(), b"-dash", b"back\\slash",
           b"percent%41?#&+", b"quote'\"<>|*:", b"sub/dir/deep file", b"sub/empty file"]


class Archive(StackTest):
    fetching = "serve"  # the rclone command that reads small objects of a remote

    def set_up(self):
        self.files = self.stack.dir / "files"
        self.source = self.files / "source"
        self.source.mkdir()
        self.stack.remote("disk", {"type": "local"})
        self.target = self.files / "target"
        self.target.mkdir()

    # ── What there is ─────────────────────────────────────────────────────────────────────────
    def put(self, root, name, content=b"", mtime_ns=None):
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        if mtime_ns:
            os.utime(path, ns=(mtime_ns, mtime_ns))

    def fill_awkward(self, root, names=AWKWARD):
        for i, name in enumerate(names):
            self.put(root, name, b"content of " + name * i, 1_600_000_000_123_456_789 + i * 10**9)
        os.makedirs(os.path.join(os.fsencode(root), b"empty/folder"))

    def tree(self, root):
        """Everything below: {path: (mtime in ns, content)}; a folder has no content."""
        root, found = os.fsencode(root), {}
        for folder, _, files in os.walk(root):
            found[os.path.relpath(folder, root)] = None
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = (os.stat(path).st_mtime_ns, file.read())
        return found

    # ── Archives ──────────────────────────────────────────────────────────────────────────────
    def archive(self, source="", to="", *flags, name="nightly", state="succeeded", deadline_s=90):
        self.stack.job(name, source or f"disk:{self.source}", to or f"disk:{self.target}",
                       "--kind", "archive", "--retry-attempts", "1", *flags)
        shown = self.stack.wait(self.stack.run(name), deadline_s=deadline_s)
        self.assertEqual(shown["run"]["state"], state, json.dumps(shown, indent=1))
        return shown

    def parts(self, root=None, name="nightly"):
        """The archive's volumes in order, and its manifest."""
        found = sorted(os.listdir((root or self.target) / name))
        volumes = [n for n in found if ".tar.zst" in n]
        manifests = [n for n in found if n.endswith(".manifest.jsonl.zst")]
        self.assertEqual(len(volumes) + len(manifests), len(found), found)
        folder = (root or self.target) / name
        return [folder / n for n in volumes], [folder / n for n in manifests]

    def unpack(self, volumes):
        """As docs/ARCHIVES.md says."""
        out = self.stack.dir / "out"
        out.mkdir()
        subprocess.run(["sh", "-c", 'cat "$@" | zstd -dc | tar -xpf - -C "$OUT"', "sh", *volumes],
                       check=True, env={**os.environ, "OUT": str(out)})
        return out

    def assert_archive_equals(self, tree, root=None):
        volumes, _ = self.parts(root)
        self.assertEqual(self.tree(self.unpack(volumes)), tree)

    def manifest(self, root=None):
        _, manifests = self.parts(root)
        text = subprocess.run(["zstd", "-dc", manifests[0]], check=True, stdout=subprocess.PIPE).stdout
        return [json.loads(line) for line in text.splitlines()]

    # ── Tests ─────────────────────────────────────────────────────────────────────────────────
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

    def bare_rclone(self, verb, source, target, server):
        config = self.stack.dir / "bare.conf"
        config.write_text("[s3]\n" + "".join(f"{k} = {v}\n" for k, v in server.settings().items()))
        subprocess.run(["rclone", verb, source, target, "--config", config], check=True,
                       stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

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

    def restored(self, *flags, deadline_s=120):
        """What `dray restore` brings back, and the run that did it."""
        out = self.files / "restored"
        run = self.stack.json("restore", "nightly", "--to", f"disk:{out}", *flags)["run"]
        shown = self.stack.wait(run, deadline_s=deadline_s)
        self.assertEqual(shown["run"]["state"], "succeeded", json.dumps(shown, indent=1))
        return self.tree(out) if out.exists() else {}, shown

    def fill_nameable(self):
        # rclone cannot name files whose names are no UTF-8: tar brings those back.
        names = [n for n in AWKWARD if b"\xff" not in n and b"quote" != n[-5:]]
        self.fill_awkward(self.source, names)
        return names

    def test_a_file_that_rclone_cannot_name_fails_the_restore_of_all_and_is_named(self):
        self.fill_awkward(self.source)
        self.archive()
        run = self.stack.json("restore", "nightly", "--to", f"disk:{self.files}/back")["run"]
        shown = self.stack.wait(run)
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]), ("failed", "integrity"))
        self.assertIn("quote", shown["run"]["hint"])
        self.assertEqual((self.files / "back/plain.txt").read_bytes(),
                         (self.source / "plain.txt").read_bytes())

    def test_an_archive_in_volumes_is_restored(self):
        self.fill_nameable()
        self.put(self.source, b"large", os.urandom(70_000_000), 1_600_000_000_000_000_000)
        self.archive("", "", "--archive-volume", "20M")
        found, shown = self.restored()
        files = {k: v for k, v in self.tree(self.source).items() if v}
        self.assertEqual({k: v for k, v in found.items() if v}, files)
        self.assertIn(b"empty/folder", found)
        self.assertEqual(shown["run"]["files"], len(files))

    def grade(self, shown):
        return shown["attempts"][-1]["report"]["validation"][0]

    def test_what_was_restored_is_compared_with_what_came_out_of_the_archive(self):
        # One tells no hashes.
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", dav.settings())
        names = self.fill_nameable()
        self.archive("", "", "--encrypt")
        count = len(names)
        for place, grade in (("dav:back", "size"), (f"disk:{self.files}/back", "hash")):
            run = self.stack.json("restore", "nightly", "--to", place)["run"]
            shown = self.stack.wait(run)
            self.assertEqual(shown["run"]["state"], "succeeded", shown)
            report = self.grade(shown)
            self.assertEqual((report["grade"], report["compared"], report["missing"]),
                             (grade, count, 0), place)
        self.assertEqual({k: v for k, v in self.tree(self.files / "back").items() if v},
                         {k: v for k, v in self.tree(self.source).items() if v})

    def test_archives_that_retention_lets_go_are_removed_with_all_their_parts(self):
        self.put(self.source, b"noise", os.urandom(2_500_000), 1_600_000_000_000_000_000)
        first = self.archive("", "", "--archive-volume", "1M", "--keep-last", "1", "--encrypt")
        before = set(p.name for p in self.target.rglob("*"))
        second = self.stack.wait(self.stack.run("nightly"))["run"]["run"]
        prune = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"]
                     if r["trigger"] == "retention" and r["state"] in TERMINAL], "a prune")[0]
        self.assertEqual(prune["state"], "succeeded")
        self.assertEqual(self.stack.show(prune["run"])["run"]["deletes"], 4)
        folders = {p.name for p in self.target.iterdir()}
        left = {p.name for p in self.target.rglob("*")} - folders
        self.assertEqual(len(left), 4)
        self.assertFalse(left & before)
        versions = self.stack.json("versions", "list", "nightly")["versions"]
        self.assertEqual([v["run"] for v in versions if v["state"] == "kept"], [second])
        self.stack.dray("restore", "nightly", "--at", first["run"]["run"], "--to",
                        f"disk:{self.files}/gone", expect=NOT_FOUND)
        found, _ = self.restored()
        self.assertEqual(found[b"noise"], self.tree(self.source)[b"noise"])

    def drilled(self, state):
        found = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"]
                     if r["trigger"] == "drill" and r["state"] in TERMINAL], "a drill")
        shown = self.stack.show(found[0]["run"])
        self.assertEqual(shown["run"]["state"], state, shown)
        return shown

    def test_a_drill_reads_the_archive_and_compares_it_with_its_manifest(self):
        self.fill_awkward(self.source)
        self.archive("", "", "--restore-drill", "daily", "--archive-volume", "1M")
        report = self.grade(self.drilled("succeeded"))
        self.assertEqual((report["grade"], report["compared"]), ("hash", len(AWKWARD)))
        self.assertEqual(len(os.listdir(self.target)), 1)

    def test_a_drill_finds_damage(self):
        self.fill_awkward(self.source)
        # Waits, so that the damage is done before.
        self.stack.job("nightly", f"disk:{self.source}", f"disk:{self.target}", "--kind", "archive",
                       "--restore-drill", "daily", "--retry-attempts", "1", "--bandwidth", "50k")
        self.put(self.source, b"noise", os.urandom(200_000))
        run = self.stack.run("nightly")
        self.stack.wait_for_rclone()
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.stack.wait(run)
        volume = self.parts()[0][0]
        content = bytearray(volume.read_bytes())
        content[len(content) // 2] ^= 0xff
        volume.write_bytes(content)
        self.stack.dray("settings", "set", "queue_paused", "false")
        self.assertEqual(self.drilled("failed")["run"]["error_class"], "integrity")

    def test_a_part_of_an_archive_is_restored_and_a_dry_run_restores_nothing(self):
        self.fill_awkward(self.source)
        self.archive()
        self.assertEqual(self.restored("--dry-run")[0], {})
        found, _ = self.restored("--path", "sub")
        self.assertEqual({k for k, v in found.items() if v}, {b"sub/dir/deep file", b"sub/empty file"})

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


class ArchiveThroughMemory(Archive):
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

    def test_small_objects_come_in_batches_and_nothing_is_left_of_them(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        gate = self.enterContext(Gate(dav.port, "GET", 0))
        self.stack.remote("dav", dav.settings(url=f"http://127.0.0.1:{gate.port}"))
        for i in range(300):
            self.put(dav.root, f"folder {i % 3}/file {i}".encode(), os.urandom(1000))
        self.stack.job("nightly", "dav:", f"disk:{self.target}", "--kind", "archive")
        run = self.stack.run("nightly")
        copies = self.stack.wait_until(
            lambda: [a for a in self.stack.rclone_processes().values() if "copy" in a], "a batch")
        self.assertTrue(all("--files-from-raw" in argv for argv in copies), copies)
        self.stack.dray("cancel", run, "--reason", "seen", "--wait")
        self.assertEqual(self.stack.rclone_processes(), {})
        self.assertEqual(list(self.stack.work_dir.glob("*/run-*")), [])


# Of the tests above those run once more whose source is a remote.
for name in [n for n in vars(Archive) if n.startswith("test_") and not any(
        part in n for part in ("server", "cannot_be_read", "cancel_while", "argument"))]:
    setattr(ArchiveThroughMemory, name, None)


class Refusing(Gate):
    """In front of an HTTP server: refuses to give the file with this name."""

    def __init__(self, target_port, path):
        super().__init__(target_port, "GET", 0)
        self.wanted = f"GET {path} ".encode()

    def _forward(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target_port)) as server, \
                selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    if key.fileobj is client and data.startswith(self.wanted):
                        client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    else:
                        key.data.sendall(data)


if __name__ == "__main__":
    main()
