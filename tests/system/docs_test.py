"""Pages of docs/ whose commands need more around them than those of readme_test.py: earlier states,
restores and remotes. And every piece of configuration that a page shows is accepted."""

import re
import shutil

import api
import readme_test
from harness import *
from readme_test import BLOCKS
from servers import *


class Docs(StackTest):
    sh, two_servers = readme_test.sh, readme_test.Readme.two_servers

    def set_up(self):
        self.home = self.stack.dir / "home"

    # ── Versions and restores ─────────────────────────────────────────────────────────────────
    def two_states(self):
        """Two backups of a changing source: what the first one saw, and its run."""
        self.nas, self.cloud = self.two_servers()
        for name, server in (("nas", self.nas), ("cloud", self.cloud)):
            self.stack.remote(name, server.settings())
        photos = self.nas.root / "Photos"
        (photos / "holidays").mkdir(parents=True)
        for name in ("holidays/beach.jpg", "holidays/boat.jpg", "cat.jpg"):
            (photos / name).write_text(f"{name}, the first of it")
        self.stack.dray("job", "add", "photos", "--from", "nas:Photos", "--to", "cloud:backup/photos",
                        "--guard", "off")
        self.first = self.backup()
        old = self.stack.dir / "old"
        shutil.copytree(photos, old)
        (photos / "cat.jpg").write_text("a longer cat than the first one")
        (photos / "holidays/boat.jpg").unlink()
        self.backup()
        return old, photos

    def backup(self):
        shown = self.stack.wait(self.stack.run("photos"))
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        return shown["run"]["run"]

    def of_the_first(self, commands):
        """Commands about run 812 and a moment, brought to the first state and into this folder."""
        at = next(v["at"] for v in self.stack.json("versions", "list", "photos")["versions"]
                  if v["run"] == self.first)
        for text, ours in (("000000000812", f"{self.first:012}"), ("812", str(self.first)),
                           ("2026-11-20T05:00:00Z", at), (" /restored", f" {self.home}/restored")):
            commands = commands.replace(text, ours)
        return commands

    def test_versions_and_their_retention(self):
        self.two_states()
        self.sh(self.of_the_first(BLOCKS["versions"]))
        self.sh(self.of_the_first(BLOCKS["retention"]))
        self.sh(BLOCKS["drill"])
        job = self.stack.json("job", "show", "photos")["job"]
        self.assertEqual((job["retention"]["keep_last_n"], job["restore_drill"]), (30, "weekly"))

    def test_restoring(self):
        old, photos = self.two_states()
        # Each line to a place of its own.
        for line in self.of_the_first(BLOCKS["restoring"]).strip().split("\n"):
            self.sh(line)
            to = self.nas.root / "restored"
            if "--at" not in line:
                self.assert_same(photos, to)
            elif "--path" in line:
                self.assert_same(old / "holidays", to / "holidays")
            else:
                self.assertFalse(to.exists())
            shutil.rmtree(to, ignore_errors=True)

    @unittest.skipUnless(shutil.which("jq") and shutil.which("zstd"), "needs jq and zstd")
    def test_restoring_without_drayage(self):
        old, photos = self.two_states()
        self.sh(self.of_the_first(BLOCKS["restoring-newest"]))
        self.assert_same(photos, self.home / "restored")
        shutil.rmtree(self.home / "restored")
        self.sh(self.of_the_first(BLOCKS["restoring-older"]))
        self.assert_same(old, self.home / "restored")

    # ── Remotes ───────────────────────────────────────────────────────────────────────────────
    def test_remotes(self):
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        store = self.enterContext(S3(self.stack.dir / "s3"))
        self.stack.remote("store", store.settings())
        self.home.mkdir()
        (self.home / "password.txt").write_text(dav.password)
        self.sh(BLOCKS["remotes"].replace("https://dav.example.org/files", f"http://127.0.0.1:{dav.port}")
                .replace("user=me", f"user={dav.user}"))
        self.sh(BLOCKS["remotes-edit"])

    def test_the_host_key_of_an_sftp_server(self):
        server = self.enterContext(Sftp(self.stack.dir / "sftp"))
        (server.root / "Photos").mkdir()
        print_line = subprocess.run(["ssh-keygen", "-l", "-f", server.dir / "host.pub"], check=True,
                                    capture_output=True, text=True).stdout

        def here(commands):
            for text, ours in (("SHA256:...", print_line.split()[1]), ("host=nas.example.org",
                               f"host=127.0.0.1 port={server.port}"),
                               ("user=backup", f"user={os.environ.get('USER') or 'root'}"),
                               ("~/.ssh/id_ed25519", str(server.dir / "user")),
                               (" Photos", f" {server.root}/Photos")):
                commands = commands.replace(text, ours)
            return commands

        for line in BLOCKS["remotes-sftp"].strip().split("\n"):
            self.sh(here(line))
            self.stack.dray("remote", "test", "nas")
            self.stack.dray("remote", "remove", "nas")
        self.sh(here(line))
        self.sh(here(BLOCKS["remotes-moved"]))
        self.sh(here(BLOCKS["remotes-about"]))

    # ── Configuration ─────────────────────────────────────────────────────────────────────────
    def test_every_piece_of_configuration_is_accepted(self):
        pieces = [piece for page in sorted((SOURCE_DIR / "docs").glob("*.md"))
                  for piece in re.findall(r"```toml\n(.*?)```", page.read_text(), re.S)]
        self.assertGreater(len(pieces), 5)
        for i, piece in enumerate(pieces):
            path = self.stack.dir / f"piece{i}.toml"
            path.write_text(piece.replace("BROKER-PUBLIC-KEY", "0" * 40))
            self.sh(f"dray --config {path} config check")


class ApiDocs(StackTest):
    options = {"notifier": True}

    def set_up(self):
        self.home = self.stack.dir / "home"
        self.home.mkdir()

    def sh(self, commands, **env):
        """With the address that the server has here; curl fails where the server refuses."""
        commands = commands.replace("http://127.0.0.1:7340", api.address_of(self.stack))
        readme_test.sh(self, commands.replace("curl ", "curl -sSf "), **env)

    def test_coming_in(self):
        self.stack.dray("client", "add", "acme")
        (self.home / "password.txt").write_text("correct horse battery")
        self.sh(BLOCKS["api"].replace("--scope admin", "--scope admin < password.txt")
                .replace("dray_...", api.token(self.stack, "docs", "read")))
        self.assertEqual(self.stack.json("user", "list")["users"][0]["name"], "ann")

    def test_files(self):
        self.stack.remote("disk", {"type": "local"})
        admin = api.Client(api.address_of(self.stack), api.token(self.stack, "admin", "admin"))
        admin.post("/jobs", {"name": "inbox", "kind": "upload", "encryption": False,
                             "destination": f"disk:{self.files}/inbox"}, expect=201)
        (self.home / "report.pdf").write_text("all is well")
        self.sh(BLOCKS["api-files"], TOKEN=api.token(self.stack, "portal", "operate"))
        self.stack.wait_until((self.files / "inbox/current/report.pdf").exists, "the file")

    def test_what_happens(self):
        # The first command ends when somebody has had enough of it.
        self.sh(BLOCKS["api-events"].replace("/api/v1/events\n", "/api/v1/events | head -n 2\n"),
                TOKEN=api.token(self.stack, "portal", "read"))

    def test_monitoring(self):
        self.sh(BLOCKS["monitoring"].replace("/etc/prometheus", str(self.home)))
        token = (self.home / "dray.token").read_text().strip()
        client = api.Client(api.address_of(self.stack), token)
        self.assertEqual(client.raw("GET", "/metrics").status, 200)


if __name__ == "__main__":
    main()
