"""Every command of the README and of docs/ is run as it stands there. Blocks are marked
`<!-- test: NAME -->`; blocks of one name are run in order in one shell."""

import re

from harness import *
from receivers import MailServer
from servers import *


def blocks():
    """{name: commands} of all marked blocks, and those that should be marked."""
    found, unmarked = {}, []
    for page in [SOURCE_DIR / "README.md", *sorted((SOURCE_DIR / "docs").glob("*.md"))]:
        text = page.read_text()
        for match in re.finditer(r"(?:^<!-- test: ([\w-]+) -->\n)?^```(\w*)\n(.*?)^```", text,
                                 re.S | re.M):
            name, language, commands = match.groups()
            if name:
                found[name] = found.get(name, "") + commands
            elif language == "sh" or re.search(r"^(\$ )?(dray|rclone) ", commands, re.M):
                unmarked.append(f"{page.name}: {commands.strip()}")
    return found, unmarked


BLOCKS, UNMARKED = blocks()
SHOWN_ELSEWHERE = {"quickstart", "check", "up"}  # quickstart_test.py; this very run; up_test.py


def shown_elsewhere():
    """Names of the blocks that other tests run."""
    return {name for page in ("docs_test.py", "oauth_test.py")
            for name in re.findall(r'BLOCKS\["([\w-]+)"\]',
                                   (SOURCE_DIR / "tests/system" / page).read_text())}


def sh(test, commands, expect=0, **env):
    """Runs a block as a person would: line by line, each must succeed."""
    home = test.stack.dir / "home"
    home.mkdir(exist_ok=True)
    for line in commands.replace("\\\n", " ").strip().split("\n"):
        done = subprocess.run(
            ["bash", "-c", line], cwd=home, capture_output=True, text=True,
            timeout=120 * SLOWNESS, stdin=subprocess.DEVNULL,
            env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home),
                 "DRAY_CONFIG": str(test.stack.config(test.stack.workers[0])), **env,
                 **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})
        allowed = expect if isinstance(expect, tuple) else (expect,)
        test.assertIn(done.returncode, allowed, f"{line}\n{done.stdout}\n{done.stderr}")


class Readme(StackTest):
    sh = sh

    def test_no_block_of_commands_is_left_out(self):
        self.assertEqual(UNMARKED, [])
        tested = {name[5:].replace("_", "-") for name in dir(self) if name.startswith("show_")}
        self.assertEqual(set(BLOCKS) - SHOWN_ELSEWHERE - shown_elsewhere() - tested, set())

    def test_the_tour(self):
        self.show_tour()
        self.show_tour_cancel()

    def two_servers(self):
        """The remotes nas and cloud, in rclone's own configuration."""
        nas = self.enterContext(WebDav(self.stack.dir / "nas"))
        cloud = self.enterContext(WebDav(self.stack.dir / "cloud"))
        conf = self.stack.dir / "home/.config/rclone/rclone.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("".join(
            f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in server.settings().items())
            for name, server in (("nas", nas), ("cloud", cloud))))
        return nas, cloud

    def show_tour(self):
        nas, cloud = self.two_servers()
        (nas.root / "Photos").mkdir()
        for i in range(3):
            (nas.root / "Photos" / f"{i}.jpg").write_bytes(os.urandom(1000))
        self.sh(BLOCKS["tour"])
        self.assert_same(nas.root / "Photos", cloud.root / "backup/photos/current")

    def show_tour_cancel(self):
        self.stack.dray("settings", "set", "queue_paused", "true")
        run = self.stack.run("photos")
        self.sh(BLOCKS["tour-cancel"])
        self.assertEqual(self.stack.state(run), "cancelled")

    def with_nas_and_cloud(self, folder, count=20):
        nas = self.enterContext(WebDav(self.stack.dir / "nas"))
        cloud = self.enterContext(WebDav(self.stack.dir / "cloud"))
        self.stack.remote("nas", nas.settings())
        self.stack.remote("cloud", cloud.settings())
        (nas.root / folder).mkdir()
        for i in range(count):
            (nas.root / folder / f"{i}.txt").write_bytes(os.urandom(100))
        return nas, cloud

    def test_guards(self):
        nas, _ = self.with_nas_and_cloud("Albums")
        albums = nas.root / "Albums"

        def wipe():
            for path in albums.iterdir():
                path.unlink()
            self.stack.wait(self.stack.run("albums"), "held")

        self.show_guards()
        wipe()
        self.show_guards_decide()
        self.show_guards_off()

    def test_rejecting(self):
        nas, _ = self.with_nas_and_cloud("Albums")
        self.stack.job("albums", "nas:Albums", "cloud:albums")
        for _ in range(2):
            self.stack.dray("run", "albums", "--wait")
        for path in (nas.root / "Albums").iterdir():
            path.unlink()
        self.stack.wait(self.stack.run("albums"), "held")
        self.show_guards_reject()

    def show_guards(self):
        self.sh(BLOCKS["guards"])

    def show_guards_decide(self):
        self.sh(BLOCKS["guards-decide"], expect=(0, WARNING))

    def show_guards_reject(self):
        self.sh(BLOCKS["guards-reject"])

    def show_guards_off(self):
        self.sh(BLOCKS["guards-off"])

    def test_validation(self):
        nas, cloud = self.with_nas_and_cloud("Letters")
        self.show_validation()
        vault = self.enterContext(WebDav(self.stack.dir / "vault"))
        self.stack.remote("vault", vault.settings())
        shutil.copytree(nas.root / "Letters", vault.root / "letters")
        self.show_validation_check()

    def show_notify(self, server):
        self.sh(BLOCKS["notify"], MAIL_PORT=str(server.port))

    def show_notify_kinds(self):
        self.sh(BLOCKS["notify-kinds"])

    def show_notify_deliveries(self):
        self.sh(BLOCKS["notify-deliveries"])

    def show_templates(self):
        self.sh(BLOCKS["templates"])

    def show_hooks(self):
        self.sh(BLOCKS["hooks"])

    def show_hooks_command(self):
        self.sh(BLOCKS["hooks-command"])

    def show_validation(self):
        self.sh(BLOCKS["validation"])

    def show_validation_check(self):
        self.sh(BLOCKS["validation-check"])

    def test_encryption_uploads_and_the_sandbox(self):
        self.cloud = self.enterContext(WebDav(self.stack.dir / "cloud"))
        self.stack.remote("cloud", self.cloud.settings())
        self.stack.remote("disk", {"type": "local"})
        self.letters = self.make_files("letters", 3)
        self.show_encrypt()
        self.show_decrypt()
        self.show_upload()
        self.show_sandbox()

    def show_encrypt(self):
        self.sh(BLOCKS["encrypt"], FILES=str(self.files))
        names = {p.name for p in (self.cloud.root / "sealed").rglob("*")}
        self.assertTrue(names)
        self.assertFalse(names & {p.name for p in self.letters.iterdir()})

    def show_decrypt(self):
        home = self.stack.dir / "home"
        (home / "remotes.conf").write_text(
            "[cloud]\n" + "".join(f"{k} = {v}\n" for k, v in self.cloud.settings().items()))
        self.sh(BLOCKS["decrypt"])
        restored = home / "restored"
        current = restored / "current"
        self.assert_same(self.letters, current if current.is_dir() else restored)

    def show_upload(self):
        home = self.stack.dir / "home"
        (home / "dump.sql").write_text("select 1;\n")
        self.sh(BLOCKS["upload"])
        self.assertEqual([r["name"] for r in self.stack.json("receipts")["receipts"]], ["dump.sql"])

    def show_sandbox(self):
        self.sh(BLOCKS["sandbox"], FILES=str(self.files))
        copy = self.files / "copy"
        self.assert_same(self.letters, copy / "current" if (copy / "current").is_dir() else copy)

    def test_an_archive_is_made_and_read_without_drayage(self):
        self.show_archive()

    def show_archive(self):
        nas, cloud = self.two_servers()
        (nas.root / "Photos/2024").mkdir(parents=True)
        for i in range(3):
            (nas.root / f"Photos/2024/{i}.jpg").write_bytes(os.urandom(1000))
        for name, server in (("nas", nas), ("cloud", cloud)):
            self.stack.remote(name, server.settings())
        self.sh(BLOCKS["archive"])
        self.assert_same(nas.root / "Photos", self.stack.dir / "home/photos")

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
        self.assertLessEqual({"dray", "drayd", "dray-broker", "dray-worker", "dray-notifier", "dray-guard",
                              "dray.1", "dray.target", "drayd.service", "dray-broker.service",
                              "dray-worker@.service", "dray-notifier.service", "dray.yml", "dray.json"},
                             installed)
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

    def photos(self, *flags):
        self.stack.remote("disk", {"type": "local"})
        source = self.files / "photos"
        source.mkdir()
        for i in range(3):
            (source / f"{i}.jpg").write_bytes(os.urandom(100_000))
        self.stack.job("photos", f"disk:{source}", f"disk:{self.files}/copy", "--transfers", "1",
                       *flags)

    def test_bandwidth(self):
        self.photos()
        self.stack.dray("client", "add", "acme")
        self.show_bandwidth()

    def show_bandwidth(self):
        self.sh(BLOCKS["bandwidth"])
        caps = {c["scope"]: c for c in self.stack.json("bandwidth", "show")["caps"]}
        self.assertEqual(caps["client"]["cap"], 5_243_000)
        self.assertTrue(caps["global"]["from_table"])

    def test_pauses(self):
        self.photos("--bandwidth", "20k")
        self.stack.run("photos")
        self.stack.wait_for_rclone()
        self.show_pause_run()
        self.show_pause_job()
        self.show_maintenance()
        self.stack.dray("cancel", "--all", "--wait")
        self.stack.dray("maintenance", "on")
        self.stack.run("photos")
        self.show_again()

    def show_pause_run(self):
        self.sh(BLOCKS["pause-run"])

    def show_pause_job(self):
        self.sh(BLOCKS["pause-job"])

    def show_maintenance(self):
        self.sh(BLOCKS["maintenance"])
        self.assertFalse(self.stack.json("status")["scheduler"]["queue_paused"])

    def show_again(self):
        self.stack.dray("job", "edit", "photos", "--overlap", "allow")
        self.sh(BLOCKS["again"])
        self.assertEqual(self.stack.show(2)["run"]["priority"], 10)
        self.assertEqual(self.stack.show(3)["run"]["rerun_of"], 1)

    def test_windows(self):
        self.photos()
        self.show_windows()

    def show_windows(self):
        self.sh(BLOCKS["windows"])
        limits = self.stack.json("job", "show", "photos")["job"]["limits"]
        self.assertEqual(len(limits["windows"]), 2)
        self.assertEqual(limits["max_duration_seconds"], 6 * 3600)

    def test_the_first_steps_of_looking_for_trouble(self):
        self.show_trouble()

    def show_trouble(self):
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.stack.remote("disk", {"type": "local"})
        self.stack.job("waiting", "disk:/a", "disk:/b")
        self.stack.run("waiting")
        # A machine of tests may lack what the doctor recommends, but nothing may be broken.
        self.sh(BLOCKS["trouble"], expect=(OK, WARNING))


class ReadmeNotifications(StackTest):
    """The pages about notifications, with a mail server to speak to."""

    options = {"notifier": 'allow_addresses = ["127.0.0.1"]'}
    sh = Readme.sh

    def test_notifications(self):
        server = self.enterContext(MailServer())
        self.stack.remote("disk", {"type": "local"})
        self.stack.dray("client", "add", "acme")
        self.stack.job("photos", f"disk:{self.files}/nothing", f"disk:{self.files}/copy")
        Readme.show_notify(self, server)
        self.stack.wait(self.stack.run("photos"), "failed")
        self.assertEqual(sorted(m["to"][0] for m in server.inbox.wait(3)),
                         ["ann@example.org", "ops@example.org", "ops@example.org"])
        Readme.show_notify_kinds(self)
        Readme.show_notify_deliveries(self)
        Readme.show_templates(self)


class ReadmePrograms(StackTest):
    """The same for the page that needs programs on the worker."""

    sh, with_nas_and_cloud = sh, Readme.with_nas_and_cloud

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="dray-programs-"))
        piece = re.search(r"```toml\n(.*?)```", (SOURCE_DIR / "docs/HOOKS.md").read_text(), re.S)[1]
        for name in ("snapshot", "mailbox-backup"):
            path = pathlib.Path(folder) / name
            path.write_text("#!/bin/sh\necho '[PHASE:1690123456789] transfer'\necho PROGRESS 1 1\n")
            path.chmod(0o755)
        self.options = {"config": piece.replace("/usr/local/bin", folder)}
        super().setUp()

    def test_hooks_and_commands(self):
        self.with_nas_and_cloud("Letters")
        Readme.show_hooks(self)
        Readme.show_hooks_command(self)


if __name__ == "__main__":
    main()
