"""The first command of the README, as a newcomer types it."""

import pty

from harness import *


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="dray-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.env = {**os.environ, "HOME": str(self.home)}
        self.env.pop("XDG_DATA_HOME", None)

    @unittest.skipIf(BIN != SOURCE_DIR / "build/bin", "ops/quickstart runs the Release build")
    def test_quickstart_once_ends_with_zero_after_a_compared_backup(self):
        done = subprocess.run([str(SOURCE_DIR / "ops/quickstart"), "--once"], env=self.env,
                              capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_demo_runs_twice_and_leaves_nothing_running(self):
        for _ in range(2):
            done = subprocess.run([str(BIN / "dray"), "up", "--demo", "--once"], env=self.env,
                                  capture_output=True, text=True, timeout=300 * SLOWNESS,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assert_nothing_left()

    def test_ctrl_c_in_a_terminal_stops_everything(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(str(BIN / "dray"), ["dray", "up", "--demo"], self.env)
        seen, end = b"", time.monotonic() + 200 * SLOWNESS
        selector = selectors.DefaultSelector()
        selector.register(terminal, selectors.EVENT_READ)
        while b"Ctrl-C" not in seen:
            self.assertTrue(selector.select(max(0, end - time.monotonic())), seen[-3000:])
            seen += os.read(terminal, 65536)
        self.assertRegex(seen, rb"make the first user \(works once\): http://\S+/setup#\S+")
        os.write(terminal, b"\x03")
        with contextlib.suppress(OSError):
            while data := os.read(terminal, 65536):
                seen += data
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, seen[-3000:])
        self.assert_nothing_left()

    def assert_nothing_left(self):
        left = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and str(self.home).encode() in (entry / "cmdline").read_bytes():
                    left.append((entry / "cmdline").read_bytes())
        self.assertEqual(left, [])


if __name__ == "__main__":
    main()
