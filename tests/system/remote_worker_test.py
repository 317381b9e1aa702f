"""A worker and a person on another machine: TCP with CURVE, one key file per peer. Refusals are seen by
the operator, and a key that is taken away counts from that moment."""

from harness import *
from servers import *


class RemoteStack(Stack):
    """The broker listens on loopback ports; workers and the command line come in over them."""

    def __init__(self, **options):
        super().__init__(**options)
        self.ports = [free_port() for _ in range(3)]
        self.keys = self.dir / "authorized_keys.d"
        for name in ("broker", *self.workers, "anna"):
            self.keygen(name)
        self.authorize("ops", "anna")
        for name in self.workers:
            self.authorize("worker", name)

    def keygen(self, name):
        path = self.dir / f"{name}.key"
        subprocess.run([str(BIN / "dray"), "keygen", str(path)], check=True, capture_output=True)
        return path

    def public_key(self, name):
        return (self.dir / f"{name}.key.pub").read_text().strip()

    def key_file(self, role, name):
        return self.keys / role / f"{name}.pub"

    def authorize(self, role, name):
        self.key_file(role, name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.dir / f"{name}.key.pub", self.key_file(role, name))

    def reload_keys(self):
        """SIGHUP to the broker, and its word that it read the keys again."""
        before = self.log("broker").count("configuration read again")
        self.signal("broker", signal.SIGHUP)
        self.wait_until_logged("broker", "configuration read again", before + 1)

    def wait_until_logged(self, name, text, count=1, deadline_s=30):
        """Looks at the log by itself: what it waits for may keep the command line out."""
        end = time.monotonic() + deadline_s * SLOWNESS
        selector = selectors.DefaultSelector()
        while self.log(name).count(text) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{name} did not log {text!r}:\n{self.log(name)[-3000:]}")
            selector.select(0.05)

    def render_config(self, name):
        requests, progress, events = (f"tcp://127.0.0.1:{port}" for port in self.ports)
        worker = name if name in self.workers else self.workers[0]
        base = super().render_config(name)
        remote = f"""
broker = "{requests}"
progress = "{progress}"
server_key = '{self.public_key("broker")}'
secret_key_file = "{self.dir}/{worker}.key"
"""
        return base.replace("[worker]\n", "[worker]" + remote) + f"""
[broker]
listen = ["{requests}"]
listen_progress = ["{progress}"]
listen_events = ["{events}"]
secret_key_file = "{self.dir}/broker.key"
authorized_keys_dir = "{self.keys}"
[cli]
broker = "{requests}"
events = "{events}"
server_key = '{self.public_key("broker")}'
secret_key_file = "{self.dir}/anna.key"
"""


class RemoteWorker(StackTest):
    def setUp(self):
        self.stack = self.enterContext(RemoteStack(lease=f"{20 * SLOWNESS:.0f}s"))
        self.files = self.stack.dir / "files"
        self.stack.remote("disk", {"type": "local"})

    def slow_job(self, bandwidth="600k"):
        self.make_files("source", count=1, size=3_000_000)
        self.stack.job("far", f"disk:{self.files}/source", f"disk:{self.files}/copy",
                       "--bandwidth", bandwidth, *TRANSFER_ONLY)

    def endless_job(self):
        """Minutes of transfer: none of these tests waits for its end."""
        self.slow_job("10k")

    def worker_views(self):
        return {w["name"]: w for w in self.stack.json("workers", "list")["workers"]}

    def test_a_run_succeeds_with_live_progress_and_the_name_of_the_operator_is_that_of_the_key(self):
        self.slow_job()
        watch = subprocess.run(self.stack.argv("run", "far", "--wait"), capture_output=True,
                               text=True, timeout=60 * SLOWNESS)
        self.assertEqual(watch.returncode, OK, watch.stdout + watch.stderr)
        self.assertIn("transferring", watch.stdout)
        self.assert_same(self.files / "source", self.files / "copy")
        self.assertEqual(self.stack.show(1)["run"]["worker"], "worker1")
        self.assertIn("anna", {e["peer"] for e in self.stack.json("system", "audit")["entries"]})

    def test_a_running_run_shows_how_far_it_is(self):
        self.endless_job()
        run = self.stack.run("far")
        shown = self.stack.wait_until(
            lambda: "transferring" in (text := self.stack.dray("runs", "show", run).stdout) and text,
            "progress to be shown")
        self.assertRegex(shown, r"done +\d+\.\d %  .* of ")

    def test_a_worker_with_an_unknown_key_is_refused_and_the_operator_sees_why(self):
        self.stack.workers.append("worker2")
        self.stack.keygen("worker2")
        self.stack.start("worker2")
        self.stack.wait_until_logged("worker2", "the broker refused this peer's key")
        self.stack.wait_until_logged("broker", self.stack.public_key("worker2"))
        self.assertIn("127.0.0.1", self.stack.log("broker"))
        self.assertNotIn("worker2", self.worker_views())
        # What the operator does about it.
        self.stack.authorize("worker", "worker2")
        self.stack.reload_keys()
        self.stack.wait_until(lambda: self.worker_views().get("worker2", {}).get("connected"),
                              "worker2 to be let in")

    def test_the_log_of_the_broker_speaks_of_no_refusal_when_there_was_none(self):
        self.assertTrue(self.worker_views()["worker1"]["connected"])
        self.assertNotIn("refused", self.stack.log("broker"))

    def test_a_worker_with_the_key_of_another_name_is_refused_and_both_logs_say_so(self):
        self.stack.workers.append("worker2")
        self.stack.keygen("worker2")
        self.stack.key_file("worker", "somebody").write_text(self.stack.public_key("worker2"))
        self.stack.reload_keys()
        self.stack.start("worker2")
        for log in ("broker", "worker2"):
            self.stack.wait_until_logged(log, "this key is 'somebody', not 'worker2'")

    def test_a_revoked_key_is_refused_at_once(self):
        self.endless_job()
        run = self.stack.run("far")
        self.stack.wait_for_rclone()
        self.stack.key_file("worker", "worker1").unlink()
        self.stack.reload_keys()
        self.stack.wait_until(lambda: not self.worker_views()["worker1"]["connected"],
                              "worker1 to be gone", 15)
        self.stack.wait_until_logged("broker", "its key was revoked")
        self.stack.wait_until_logged("worker1", "the broker refused this peer's key")
        # Without its lease the transfer ends, and nothing that it says counts any more.
        self.stack.wait_for_end_of_rclone(60)
        self.assertNotEqual(self.stack.state(run), "succeeded")

    def test_an_operator_without_a_valid_key_is_told_what_is_wrong(self):
        self.stack.key_file("ops", "anna").unlink()
        self.stack.reload_keys()
        refused = self.stack.dray("status", expect=UNREACHABLE)
        self.assertIn("refused this peer's key", refused.stderr)
        self.assertIn("dray-broker", refused.stderr)

    def test_the_key_of_a_worker_does_not_make_an_operator(self):
        shutil.copy(self.stack.dir / "worker1.key", self.stack.dir / "stolen.key")
        config = self.stack.config("worker1")
        text = config.read_text().replace("anna.key", "stolen.key")
        other = self.stack.dir / "stolen.toml"
        other.write_text(text)
        done = subprocess.run([str(BIN / "dray"), "--config", str(other), "status"],
                              capture_output=True, text=True, timeout=60 * SLOWNESS)
        self.assertIn(done.returncode, (DENIED, UNREACHABLE), done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    main()
