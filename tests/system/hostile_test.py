"""Hostile names, paths, settings and flags are refused or inert. A command that any of them smuggled
in would create the tripwire file; the real rclone runs them."""

from harness import *
from servers import *


class Hostile(StackTest):
    def set_up(self):
        self.tripwire = self.stack.dir / "tripwire"
        self.addCleanup(lambda: self.assertFalse(self.tripwire.exists(), "a command was run"))
        self.make_files("src", 2)
        self.stack.remote("disk", {"type": "local"})
        command = f"touch {self.tripwire}"
        self.attacks = [
            f':webdav,url="http://127.0.0.1:1",bearer_token_command="{command}":',
            f'disk,bearer_token_command="{command}":x',
            f"--password-command={command}",
            f"-vv --rc --config={self.tripwire}",
            f"$({command})", f"`{command}`", f"; {command}", f"| {command}", f"\n{command}\n",
            "../../../../etc/passwd", "a/../../..", "\x00", "x" * 5000, "%s%n", "\u202etxt.exe",
            "\x1b]0;owned\x07", ":local:/etc", "disk:/etc:disk:", "-", "--", "~/x",
        ]

    def try_job(self, name, source, to, *flags):
        """Makes the job and, when it was taken, runs it. The tripwire tells the rest."""
        try:
            argv = self.stack.argv("job", "add", name, "--from", source, "--to", to, *flags)
            done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL)
        except ValueError:
            return None  # a NUL cannot even be typed
        self.assertIn(done.returncode, (OK, USAGE, NOT_FOUND, DENIED, CONFLICT, INVALID, FAILED),
                      done.stderr)
        self.assertNotIn(b"\x1b]0", done.stdout + done.stderr)
        if done.returncode == OK:
            self.stack.dray("run", name, "--wait", expect=None, timeout=120)
        else:
            self.assertTrue(done.stderr.strip(), "a refusal says why")
        return done.returncode

    def test_as_names_of_jobs(self):
        for attack in self.attacks:
            self.assertNotEqual(self.try_job(attack, f"disk:{self.files}/src", f"disk:{self.files}/t"),
                                OK, attack)

    def test_as_sources_and_destinations(self):
        for i, attack in enumerate(self.attacks):
            self.try_job(f"s{i}", attack, f"disk:{self.files}/t{i}", "--retry-attempts", "1")
            self.try_job(f"d{i}", f"disk:{self.files}/src", attack, "--retry-attempts", "1")

    def test_as_paths_behind_a_good_remote(self):
        for i, attack in enumerate(self.attacks):
            self.try_job(f"s{i}", f"disk:{self.files}/{attack}", f"disk:{self.files}/t{i}",
                         "--retry-attempts", "1")

    def test_as_filters(self):
        for i, attack in enumerate(self.attacks):
            self.try_job(f"f{i}", f"disk:{self.files}/src", f"disk:{self.files}/t{i}",
                         "--filter", attack, "--retry-attempts", "1")
            self.try_job(f"g{i}", f"disk:{self.files}/src", f"disk:{self.files}/u{i}",
                         "--filter", f"- {attack}", "--retry-attempts", "1")

    def test_as_flags(self):
        bad = ["--config=/etc/passwd", "--rc", "--rc-addr=:1", f"--password-command=touch {self.tripwire}",
               "--metadata-mapper=x", f"--log-file={self.tripwire}", "--dump=bodies", "--links", "-vv",
               f"--cache-dir={self.tripwire}", "--conf", "--rc-serve", "--checksum=--rc", "checksum",
               "--sftp-ssh=touch x", "--use-json-log=false", "--stats=0"]
        for i, flag in enumerate(bad + self.attacks):
            self.assertNotEqual(
                self.try_job(f"f{i}", f"disk:{self.files}/src", f"disk:{self.files}/t", f"--flag={flag}"),
                OK, flag)

    def test_local_paths_outside_the_listed_roots_are_refused(self):
        for i, path in enumerate(["/etc", f"{self.files}/../data", f"{self.files}x", "relative", ""]):
            self.stack.job(f"out{i}", f"disk:{path}", f"disk:{self.files}/t{i}", "--retry-attempts",
                           "1", expect=None)
            self.stack.dray("run", f"out{i}", "--wait", expect=None)
        self.assertFalse(list(self.files.glob("t*")))

    def test_as_settings_of_remotes(self):
        for i, (key, value) in enumerate([
                ("bearer_token_command", f"touch {self.tripwire}"),
                ("ssh", f"touch {self.tripwire}"), ("vendor", "other\nbearer_token_command = touch x"),
                ("url", f"http://x\r\nbearer_token_command = touch {self.tripwire}")]):
            path = self.stack.dir / f"bad{i}.conf"
            path.write_text(f"[bad{i}]\ntype = webdav\nurl = http://127.0.0.1:1\n{key} = {value}\n")
            self.stack.dray("remote", "import", path, expect=None)
            self.stack.dray("remote", "test", f"bad{i}", expect=None)

    def test_secrets_are_nowhere_to_be_read(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav", password="canary-7391-secret"))
        (dav.root / "big").write_bytes(os.urandom(2_000_000))
        self.stack.remote("dav", dav.settings())
        obscured = [l for l in (self.stack.dir / "dav.conf").read_text().splitlines()
                    if l.startswith("pass")][0].split(" = ")[1]
        self.stack.job("secret", "dav:", f"disk:{self.files}/t", *TRANSFER_ONLY)
        dav.freeze()  # its transfer is there until it was looked at
        run = self.stack.run("secret")
        for pid in self.stack.wait_for_rclone():
            for name in ("cmdline", "environ"):
                data = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                self.assertNotIn(b"canary", data)
                self.assertNotIn(obscured.encode(), data)
        dav.thaw()
        self.stack.wait(run)
        (self.stack.dir / "dav.conf").unlink()
        for path in self.stack.dir.rglob("*"):
            if path.is_file() and "dav" not in path.parts:
                data = path.read_bytes()
                self.assertNotIn(b"canary-7391", data, path)
                self.assertNotIn(obscured.encode(), data, path)


if __name__ == "__main__":
    main()
