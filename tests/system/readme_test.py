"""Every command of the README and of docs/ is run as it stands there. Blocks are marked
`<!-- test: NAME -->`; blocks of one name are run in order in one shell."""

import re

from harness import *
from servers import *


def blocks():
    """{name: commands} of all marked blocks, and a check that none is unmarked."""
    found, unmarked = {}, []
    for page in [SOURCE_DIR / "README.md", *sorted((SOURCE_DIR / "docs").glob("*.md"))]:
        text = page.read_text()
        for match in re.finditer(r"(?:<!-- test: ([\w-]+) -->\n)?```sh\n(.*?)```", text, re.S):
            if match[1]:
                found[match[1]] = found.get(match[1], "") + match[2]
            else:
                unmarked.append(f"{page.name}: {match[2].strip()}")
    return found, unmarked


BLOCKS, UNMARKED = blocks()
SHOWN_ELSEWHERE = {"quickstart", "check", "up"}  # quickstart_test.py; this very run; up_test.py


class Readme(StackTest):
    def sh(self, commands, expect=0, **env):
        """Runs a block as a person would: line by line, each must succeed."""
        home = self.stack.dir / "home"
        home.mkdir(exist_ok=True)
        for line in commands.replace("\\\n", " ").strip().split("\n"):
            done = subprocess.run(
                ["bash", "-c", line], cwd=home, capture_output=True, text=True,
                timeout=120 * SLOWNESS, stdin=subprocess.DEVNULL,
                env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home),
                     "DRAY_CONFIG": str(self.stack.config(self.stack.workers[0])), **env,
                     **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})
            allowed = expect if isinstance(expect, tuple) else (expect,)
            self.assertIn(done.returncode, allowed, f"{line}\n{done.stdout}\n{done.stderr}")

    def test_no_block_of_commands_is_left_out(self):
        self.assertEqual(UNMARKED, [])
        tested = {name[5:].replace("_", "-") for name in dir(self) if name.startswith("show_")}
        self.assertEqual(set(BLOCKS) - SHOWN_ELSEWHERE - tested, set())

    def test_the_tour(self):
        self.show_tour()
        self.show_tour_cancel()

    def show_tour(self):
        nas = self.enterContext(WebDav(self.stack.dir / "nas"))
        cloud = self.enterContext(WebDav(self.stack.dir / "cloud"))
        (nas.root / "Photos").mkdir()
        for i in range(3):
            (nas.root / "Photos" / f"{i}.jpg").write_bytes(os.urandom(1000))
        conf = self.stack.dir / "home/.config/rclone/rclone.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("".join(
            f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in server.settings().items())
            for name, server in (("nas", nas), ("cloud", cloud))))
        self.sh(BLOCKS["tour"])
        self.assert_same(nas.root / "Photos", cloud.root / "backup/photos")

    def show_tour_cancel(self):
        self.stack.dray("settings", "set", "queue_paused", "true")
        run = self.stack.run("photos")
        self.sh(BLOCKS["tour-cancel"])
        self.assertEqual(self.stack.state(run), "cancelled")

    def test_the_configuration_commands(self):
        self.show_config()

    def show_config(self):
        self.sh(BLOCKS["config"])

    def test_explaining_a_log(self):
        self.show_explain()

    def show_explain(self):
        home = self.stack.dir / "home"
        home.mkdir(exist_ok=True)
        shutil.copy(SOURCE_DIR / "tests/golden/rclone/bad-creds-s3.jsonl", home / "rclone.log")
        self.sh(BLOCKS["explain"])

    @unittest.skipIf(os.environ.get("DRAY_TEST_SLOWNESS", "1") != "1", "installs the Release build")
    def test_the_installation_puts_everything_in_place(self):
        self.show_install()

    def show_install(self):
        # What needs a running systemd is left out here; systemd_units_test.sh checks the units.
        target = self.stack.dir / "root"
        subprocess.run(["cmake", "--install", str(BIN.parent)], check=True, capture_output=True,
                       env={**os.environ, "DESTDIR": str(target)})
        installed = {p.name for p in target.rglob("*") if p.is_file()}
        self.assertLessEqual({"dray", "drayd", "dray-broker", "dray-worker", "dray-guard", "dray.1",
                              "dray.target", "drayd.service", "dray-broker.service",
                              "dray-worker@.service"}, installed)
        keygen = next(l for l in BLOCKS["install"].split("\n") if "keygen" in l)
        self.sh(keygen.replace("sudo ", "").replace("/etc/dray", str(self.stack.dir)))

    def here(self, commands):
        """Commands for the administrator of a machine, brought into the folder of this test."""
        me = f"{os.getuid()}:{os.getgid()}"
        for real, ours in (("sudo ", ""), ("/var/lib/dray", f"{self.stack.dir}/data"),
                           ("/etc/dray", f"{self.stack.dir}/etc"), ("drayd: ", f"{me} "),
                           ("dray-broker: ", f"{me} "), ("dray-worker: ", f"{me} ")):
            commands = commands.replace(real, ours)
        return commands

    def test_the_keys_of_several_machines(self):
        self.show_remote_broker()
        self.show_remote_worker()
        self.show_remote_check()

    def show_remote_broker(self):
        (self.stack.dir / "data/broker").mkdir(exist_ok=True)
        self.sh(self.here(BLOCKS["remote-broker"]))
        self.assertTrue((self.stack.dir / "etc/authorized_keys.d/worker").is_dir())

    def show_remote_worker(self):
        self.sh(self.here(BLOCKS["remote-worker"]))
        self.assertTrue((self.stack.dir / "data/worker/curve.key.pub").exists())

    def show_remote_check(self):
        self.sh(BLOCKS["remote-check"])

    def test_every_piece_of_configuration_is_accepted(self):
        pieces = re.findall(r"```toml\n(.*?)```", (SOURCE_DIR / "docs/DEPLOYMENT.md").read_text(), re.S)
        self.assertEqual(len(pieces), 3)
        for i, piece in enumerate(pieces):
            path = self.stack.dir / f"piece{i}.toml"
            path.write_text(piece.replace("BROKER-PUBLIC-KEY", "0" * 40))
            self.sh(f"dray --config {path} config check")

    def test_a_backup_is_made_and_restored(self):
        self.stack.remote("disk", {"type": "local"})
        self.stack.job("kept", "disk:/a", "disk:/b")
        (self.stack.dir / "data/scheduler/backups").mkdir()
        self.show_backup()
        self.stack.dray("job", "remove", "kept")
        self.show_restore()
        self.assertEqual([j["name"] for j in self.stack.json("job", "list")["jobs"]], ["kept"])
        self.assertEqual([r["name"] for r in self.stack.json("remote", "list")["remotes"]], ["disk"])

    def show_backup(self):
        self.sh(self.here(BLOCKS["backup"]))

    def show_restore(self):
        services = {"stop": lambda: self.stack.kill("drayd", signal.SIGTERM),
                    "start": lambda: self.stack.start("drayd")}
        for line in self.here(BLOCKS["restore"]).strip().split("\n"):
            systemctl = re.fullmatch(r"systemctl (\w+) drayd", line)
            services[systemctl[1]]() if systemctl else self.sh(line)

    def test_the_first_steps_of_looking_for_trouble(self):
        self.show_trouble()

    def show_trouble(self):
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.stack.remote("disk", {"type": "local"})
        self.stack.job("waiting", "disk:/a", "disk:/b")
        self.stack.run("waiting")
        # A machine of tests may lack what the doctor recommends, but nothing may be broken.
        self.sh(BLOCKS["trouble"], expect=(OK, WARNING))


if __name__ == "__main__":
    main()
