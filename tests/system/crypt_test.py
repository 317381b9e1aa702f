"""Encrypted jobs: what lies in the destination, who can read it, and how a person gets at the passwords."""

import base64
import os
import pathlib
import sqlite3
import subprocess

from harness import *
from servers import *


class Crypt(StackTest):
    def set_up(self):
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("disk", {"type": "local"})
        self.stack.remote("box", self.target.settings())
        self.make_files("in", 5, 20_000)
        (self.files / "in/secret name ü.txt").write_text("the content that nobody may read\n")

    def encrypted(self, name="nightly", to="copy", *flags):
        self.stack.job(name, f"disk:{self.files}/in", f"box:{self.target.root}/{to}", "--encrypt",
                       *flags)
        self.stack.dray("run", name, "--wait")

    def read_back(self, conf_text, section, to="copy"):
        """Reads with plain rclone: the sections of the export and of the remote, and nothing of ours."""
        settings = self.target.settings()
        conf = self.stack.dir / "plain.conf"
        conf.write_text(conf_text + "\n[box]\n" +
                        "".join(f"{k} = {v}\n" for k, v in settings.items()))
        out = self.stack.dir / "out"
        done = subprocess.run(["rclone", "--config", str(conf), "copy", f"{section}:", str(out)],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def found(self, out):
        """The folder that holds the job's files, whatever the layout puts around them."""
        return out / "current" if (out / "current").is_dir() else out

    def test_plain_rclone_reads_what_was_stored_with_the_exported_key(self):
        self.encrypted()
        stored = [p for p in (self.target.root / "copy").rglob("*") if p.is_file()]
        self.assertTrue(stored)
        for path in stored:
            self.assertNotIn("secret", path.name)
            self.assertNotIn(b"nobody may read", path.read_bytes())
        conf = self.stack.dray("job", "export-key", "nightly").stdout
        self.assert_same(self.files / "in", self.found(self.read_back(conf, "nightly-crypt")))

    def test_files_are_found_in_its_states_without_a_run(self):
        for kind in ("sync", "archive"):
            self.encrypted(kind, f"copy-{kind}", "--kind", kind, "--layout", "versioned")
            found = self.stack.json("versions", "find", kind, "secret*")["files"]
            self.assertEqual([(f["path"], f["size"]) for f in found], [("secret name ü.txt", 33)])
        self.assertEqual(self.stack.rclone_processes(), {})

    def test_a_wrong_key_reads_nothing(self):
        self.encrypted()
        self.encrypted("other", "elsewhere")
        conf = self.stack.dray("job", "export-key", "other").stdout.replace(
            f"{self.target.root}/elsewhere", f"{self.target.root}/copy")
        out = self.read_back(conf, "other-crypt")
        self.assertFalse([p for p in out.rglob("*") if p.is_file()])

    def test_a_second_run_changes_nothing(self):
        self.encrypted()
        run = self.stack.run("nightly")
        self.assertEqual(self.stack.wait(run)["run"]["outcome"], "nothing_to_do")

    def test_the_key_is_given_out_once_and_every_time_is_kept(self):
        self.encrypted()
        self.assertIsNone(self.stack.json("job", "show", "nightly")["key"]["exported_at"])
        first = self.stack.json("job", "export-key", "nightly")
        refused = self.stack.dray("job", "export-key", "nightly", expect=CONFLICT)
        self.assertIn("--again", refused.stderr)
        again = self.stack.json("job", "export-key", "nightly", "--again")
        self.assertEqual((first["password"], first["password2"]),
                         (again["password"], again["password2"]))
        self.assertGreaterEqual(len(base64.urlsafe_b64decode(first["password"] + "=")), 32)
        shown = self.stack.json("job", "show", "nightly")["key"]
        self.assertTrue(shown["exported_at"])
        self.assertTrue(shown["exported_by"])
        events = [e for e in self.stack.json("events", "--limit", "200")["events"]
                  if e["kind"] == "job.key_exported"]
        self.assertEqual([e["body"]["again"] for e in events], [False, True])
        self.assertEqual(self.stack.log("worker1").count("the passwords of job"), 2)

    def test_nothing_but_the_run_holds_the_passwords(self):
        self.encrypted()
        key = self.stack.json("job", "export-key", "nightly")
        secrets = [key["password"].encode(), key["password2"].encode()]
        for path in [*self.stack.dir.glob("*.log"), *(self.stack.dir / "data").rglob("*"),
                     *(self.stack.dir / "run").rglob("*")]:
            if path.is_file():
                content = path.read_bytes()
                for secret in secrets:
                    self.assertNotIn(secret, content, path)

    def test_a_key_outlives_its_job_and_a_job_of_that_name_goes_on_with_it(self):
        self.encrypted()
        before = self.stack.json("job", "export-key", "nightly")
        self.stack.dray("job", "remove", "nightly")
        after = self.stack.json("job", "export-key", "nightly", "--again")
        self.assertEqual(before["password"], after["password"])
        self.encrypted()
        self.assertEqual(self.stack.json("runs", "--job", "nightly")["runs"][0]["outcome"],
                         "nothing_to_do")

    def test_encryption_is_not_switched_over_data_that_lies_there(self):
        self.encrypted()
        refused = self.stack.dray("job", "edit", "nightly", "--no-encrypt", expect=CONFLICT)
        self.assertIn("--to REMOTE:NEWPATH", refused.stderr)
        self.stack.dray("job", "edit", "nightly", "--no-encrypt", "--to",
                        f"box:{self.target.root}/clear")
        self.stack.dray("run", "nightly", "--wait")
        self.assertIn("secret name ü.txt",
                      {p.name for p in (self.target.root / "clear").rglob("*")})

    def test_a_job_without_a_key_is_refused_and_one_that_is_not_encrypted_has_none(self):
        self.stack.job("clear", f"disk:{self.files}/in", f"box:{self.target.root}/clear")
        refused = self.stack.dray("job", "export-key", "clear", expect=NOT_FOUND)
        self.assertIn("not encrypted", refused.stderr)
        self.stack.dray("job", "export-key", "nobody", expect=NOT_FOUND)


if __name__ == "__main__":
    main()
