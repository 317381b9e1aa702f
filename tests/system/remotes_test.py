"""Remotes of every kind that can be had on loopback: made, tested, changed, and refused with a reason."""

import json
import shutil
import subprocess
import unittest

from harness import *
from servers import *


def assert_copied(test, source, below):
    """The files of a flat folder lie somewhere below the other one."""
    copied = {p.name: p.read_bytes() for p in below.rglob("*.bin")}
    test.assertEqual(copied, {p.name: p.read_bytes() for p in source.iterdir()})


class Remotes(StackTest):
    assert_copied = assert_copied

    def add(self, name, type, *words, **options):
        return self.stack.dray("remote", "add", name, type, *words, **options)

    def settings_text(self, settings, *without):
        return "".join(f"{k} = {v}\n" for k, v in settings.items()
                       if k not in ("type", "pass", *without))

    def sftp(self):
        return self.enterContext(Sftp(self.stack.dir / "sftp"))

    def sftp_words(self, server, **changes):
        settings = {"host": "127.0.0.1", "port": server.port,
                    "user": os.environ.get("USER") or "root", "key_file": server.dir / "user",
                    **changes}
        return [f"{k}={v}" for k, v in settings.items()]

    # ── Working ones ──────────────────────────────────────────────────────────────────────────
    def test_webdav_with_a_password_from_standard_input(self):
        server = self.enterContext(WebDav(self.stack.dir / "dav"))
        (server.root / "photos").mkdir()
        words = [f"url=http://127.0.0.1:{server.port}", f"user={server.user}"]
        added = self.add("dav", "webdav", *words, "--secret", "pass", input=server.password)
        self.assertIn("works", added.stdout)
        self.assertEqual(self.stack.json("remote", "browse", "dav")["entries"], ["photos/"])

    def test_s3_with_presets(self):
        server = self.enterContext(S3(self.stack.dir / "s3"))
        for type in ("s3", "ceph", "minio"):
            words = [f"endpoint=http://127.0.0.1:{server.port}", f"access_key_id={server.key}"]
            added = self.add(f"store-{type}", type, *words, "--secret", "secret_access_key",
                             input=server.secret)
            self.assertIn("works", added.stdout)
            self.assertEqual(self.stack.json("remote", "browse", f"store-{type}")["entries"],
                             ["data/"])

    def copies_to(self, name, path, root):
        self.make_files("from", 3)
        self.add("disk", "local", "--no-test")
        self.stack.job("copy", f"disk:{self.files}/from", f"{name}:{path}")
        self.stack.dray("run", "copy", "--wait")
        self.assert_copied(self.files / "from", root)

    @unittest.skipUnless(Ftp.installed(), "no pyftpdlib")
    def test_ftp(self):
        server = self.enterContext(Ftp(self.stack.dir / "ftp"))
        words = ["host=127.0.0.1", f"port={server.port}", f"user={server.user}", "--secret", "pass"]
        # TLS unless told otherwise: this server has none.
        refused = self.add("ftp", "ftp", *words, expect=WARNING, input=server.password)
        self.assertIn("does not work", refused.stderr)
        self.add("ftp", "ftp", *words, "tls=none", "--replace",
                 # pyftpdlib calls a missing directory a syntax error there
                 "disable_mlsd=true", input=server.password)
        self.copies_to("ftp", "to", server.root / "to")
        wrong = self.add("wrong", "ftp", *words, "tls=none", expect=WARNING, input="x")
        self.assertIn("does not work (auth)", wrong.stderr)

    @unittest.skipUnless(Samba.installed(), "no smbd, or not root")
    def test_smb(self):
        server = self.enterContext(Samba(self.stack.dir / "smb"))
        words = ["host=127.0.0.1", f"port={server.port}", f"user={server.user}", "--secret", "pass"]
        self.assertIn("works", self.add("nas", "smb", *words, input=server.password).stdout)
        self.copies_to("nas", f"{server.share}/to", server.root / "to")
        wrong = self.add("wrong", "smb", *words, expect=WARNING, input="x")
        self.assertIn("does not work (auth)", wrong.stderr)

    def test_a_directory_of_the_worker(self):
        self.add("disk", "local", "--no-test")
        self.make_files("inside", 2)
        shown = self.stack.json("remote", "test", "disk", "--path", self.files / "inside")
        self.assertEqual(shown["entries_total"], 2)
        self.stack.dray("remote", "test", "disk", "--path", "/etc", expect=FAILED)

    def test_a_type_that_only_rclone_knows(self):
        server = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.add("http", "http", f"url=http://{server.user}:{server.password}@127.0.0.1:"
                                 f"{server.port}/")
        refused = self.add("http2", "http", "ulr=x", expect=None)
        self.assertNotEqual(refused.returncode, OK)
        self.assertIn("did you mean url", refused.stderr)
        self.assertIn("rclone", self.add("x", "nosuchtype", expect=NOT_FOUND).stderr)

    def test_types_are_listed_with_what_may_be_set(self):
        self.assertIn("wasabi", self.stack.dray("remote", "types").stdout)
        self.assertIn("key_file", self.stack.dray("remote", "types", "sftp").stdout)
        options = self.stack.json("remote", "types", "sftp")["backends"][0]["options"]
        refused = {o["name"]: o["refused"] for o in options}
        self.assertIn("program", refused["server_command"])
        self.assertEqual(refused["host"], "")

    # ── SFTP: whose key is it ─────────────────────────────────────────────────────────────────
    def test_an_sftp_server_is_not_trusted_before_somebody_confirmed_its_key(self):
        server = self.sftp()
        refused = self.add("nas", "sftp", *self.sftp_words(server), expect=USAGE)
        self.assertIn("SHA256:", refused.stderr)
        self.stack.dray("remote", "show", "nas", expect=NOT_FOUND)
        print_key = subprocess.run(["ssh-keygen", "-l", "-f", server.dir / "host.pub"], check=True,
                                   capture_output=True, text=True).stdout.split()[1]
        self.assertIn(print_key, refused.stderr)
        wrong = self.add("nas", "sftp", *self.sftp_words(server), "--host-key",
                         "SHA256:" + "A" * 43, expect=DENIED)
        self.assertIn("other keys", wrong.stderr)
        added = self.add("nas", "sftp", *self.sftp_words(server), "--host-key", print_key)
        self.assertIn("works", added.stdout)
        key = (server.dir / "host.pub").read_text()
        self.add("nas2", "sftp", *self.sftp_words(server), "--host-key", key)

    def test_a_changed_host_key_is_refused_until_it_is_pinned_anew(self):
        server = self.sftp()
        self.add("nas", "sftp", *self.sftp_words(server), "--accept-host-key")
        server.stop()
        (server.dir / "host").unlink()
        (server.dir / "host.pub").unlink()
        server.start()
        result = json.loads(self.stack.dray("remote", "test", "nas", "--json", expect=FAILED).stdout)
        self.assertEqual(result["error_class"], "auth")
        self.assertIn("pinned", result["hint"])
        self.make_files("from", 2)
        self.add("disk", "local", "--no-test")
        self.stack.job("copy", f"disk:{self.files}/from", f"nas:{server.root}/to",
                       "--retry-attempts", "1")
        self.stack.dray("run", "copy", "--wait", expect=FAILED)
        self.stack.dray("remote", "edit", "nas", "host=127.0.0.1", f"port={server.port}",
                        "--accept-host-key")
        self.stack.dray("run", "copy", "--wait")
        self.assert_copied(self.files / "from", server.root / "to")

    def test_a_known_hosts_file_comes_along_in_an_import(self):
        server = self.sftp()
        known = self.stack.dir / "known_hosts"
        key = " ".join((server.dir / "host.pub").read_text().split()[:2])
        known.write_text(f"# mine\n[127.0.0.1]:{server.port} {key}\n")
        self.stack.remote("nas", server.settings(known_hosts_file=known))
        self.stack.dray("remote", "test", "nas")

    # ── Changes ───────────────────────────────────────────────────────────────────────────────
    def test_one_setting_is_changed_and_the_secret_ones_stay(self):
        server = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.add("dav", "webdav", f"url=http://127.0.0.1:{server.port}", "user=wrong", "--secret",
                 "pass", "--no-test", input=server.password)
        self.stack.dray("remote", "test", "dav", expect=FAILED)
        self.assertIn("works", self.stack.dray("remote", "edit", "dav", "user=dav").stdout)
        self.assertEqual(self.stack.json("remote", "show", "dav")["remote"]["version"], 2)

    def test_who_moves_a_remote_has_to_enter_its_secrets_again(self):
        server = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.add("dav", "webdav", f"url=http://127.0.0.1:{server.port}", "user=dav", "--secret",
                 "pass", input=server.password)
        refused = self.stack.dray("remote", "edit", "dav", "url=http://127.0.0.1:1/",
                                  expect=DENIED)
        self.assertIn("enter pass again", refused.stderr)
        self.stack.dray("remote", "edit", "dav", f"url=http://127.0.0.1:{server.port}/",
                        "--secret", "pass", input=server.password)

    # ── Refused ───────────────────────────────────────────────────────────────────────────────
    def test_what_does_not_work_is_saved_and_explained(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        s3 = self.enterContext(S3(self.stack.dir / "s3"))
        cases = [
            ("webdav", [f"url=http://127.0.0.1:{dav.port}", "user=nobody"], "auth"),
            ("webdav", [f"url=http://127.0.0.1:{free_port()}"], "network"),
            ("s3", [f"endpoint=http://127.0.0.1:{s3.port}", "access_key_id=UNKNOWN",
                    "--secret", "secret_access_key"], "auth"),
        ]
        for number, (type, words, wanted) in enumerate(cases):
            with self.subTest(type=type, wanted=wanted):
                added = self.add(f"bad{number}", type, *words, expect=WARNING, input="x\n")
                self.assertIn(f"does not work ({wanted})", added.stderr)

    def test_options_that_reach_the_worker_are_refused_on_both_sides(self):
        for type, word in (("sftp", "ssh=sh -c id"), ("webdav", "bearer_token_command=id"),
                           ("s3", "shared_credentials_file=/etc/passwd"),
                           ("local", "copy_links=true"), ("sftp", "known_hosts_file=/dev/null")):
            with self.subTest(word=word):
                refused = self.add("evil", type, word, "url=http://x", "host=x", "user=x",
                                   "key_pem=x", "endpoint=http://x", "access_key_id=x",
                                   "secret_access_key=x", "--no-test", "--any-host-key",
                                   expect=None)
                self.assertNotEqual(refused.returncode, OK)
                self.stack.dray("remote", "show", "evil", expect=NOT_FOUND)

    def test_a_job_without_a_destination_needs_a_store_of_the_operator(self):
        self.add("disk", "local", "--no-test")
        self.make_files("from", 1)
        refused = self.stack.dray("job", "add", "a", "--from", f"disk:{self.files}/from",
                                  expect=USAGE)
        self.assertIn("[destination.default]", refused.stderr)


class DefaultStore(StackTest):
    def setUp(self):
        self.options = {"config": '[destination.default]\nremote = "store"\npath = "PLACE"\n'}
        self.stack = Stack(**self.options)
        self.stack.config_text = self.stack.config_text.replace(
            "PLACE", str(self.stack.dir / "files/store"))
        self.enterContext(self.stack)
        self.files = self.stack.dir / "files"

    def test_jobs_without_a_destination_write_below_client_and_job(self):
        self.stack.dray("remote", "add", "disk", "local", "--no-test")
        self.make_files("from", 3)
        add = ["job", "add", "photos", "--from", f"disk:{self.files}/from"]
        self.assertIn("store", self.stack.dray(*add, expect=None).stderr)  # no such remote yet
        self.stack.dray("remote", "add", "store", "local", "--no-test")
        self.stack.dray(*add)
        shown = self.stack.json("job", "show", "photos")["job"]["destination"]
        self.assertEqual(shown, f"store:{self.files}/store/default/photos")
        self.stack.dray("run", "photos", "--wait")
        assert_copied(self, self.files / "from", self.files / "store/default/photos")


if __name__ == "__main__":
    main()
