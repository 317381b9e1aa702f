"""Who is told what becomes of backups: mail and webhooks against receivers that fail at every stage, and
a notifier that dies at bad moments."""

import email.header
import hashlib
import hmac

from harness import *
from receivers import *

CONFIG = """
allow_addresses = ["127.0.0.1"]
retry_first = "1s"
digest_window = "3s"
public_url = "https://dray.example.org"
"""
PASSWORD = "canary-7f3a-password"


class NotifyTest(StackTest):
    options = {"notifier": CONFIG}

    def set_up(self):
        self.stack.remote("disk", {"type": "local"})
        self.make_files("source", 3)

    # ── Making things happen ────────────────────────────────────────────────────────────────────
    def mail_server(self, **options):
        return self.enterContext(MailServer(**options))

    def plain_channel(self, server, *flags, name="mail"):
        self.stack.dray("notify", "add-channel", name, "smtp", "host=127.0.0.1", f"port={server.port}",
                        "security=none", "from=dray@example.org", "timeout=5s", *flags)

    def rule(self, *flags, channel="mail"):
        return self.stack.json("notify", "add", "--channel", channel, *flags)["rule"]["id"]

    def job(self, name, good=True, *flags):
        source = "source" if good else "nothing"
        self.stack.job(name, f"disk:{self.files}/{source}", f"disk:{self.files}/copies/{name}", *flags,
                       "--guard", "off", "--validation", "none")

    def run_to_end(self, job, state):
        run = self.stack.run(job)
        self.stack.wait(run)
        self.assertEqual(self.stack.state(run), state)
        return run

    def failed_run(self, job="broken"):
        return self.run_to_end(job, "failed")

    def deliveries(self, *flags):
        return self.stack.json("notify", "deliveries", *flags)["deliveries"]

    def wait_for_state(self, state, count=1, deadline_s=60):
        return self.stack.wait_until(
            lambda: len(rows := self.deliveries("--state", state)) >= count and rows,
            f"{count} deliveries to be {state}", deadline_s,
            on_failure=lambda: json.dumps(self.deliveries(), indent=1))


class Mail(NotifyTest):
    def test_a_mail_says_what_is_wrong_and_goes_encrypted_to_everybody(self):
        server = self.mail_server(folder=self.stack.dir / "tls", login=("dray", PASSWORD))
        (self.stack.dir / "pw").write_text(PASSWORD)
        self.stack.dray("notify", "add-channel", "mail", "smtp", "host=127.0.0.1",
                        f"port={server.port}", "from=dray@example.org", "user=dray",
                        f"ca=@{server.certificate}", "--secret", f"password={self.stack.dir}/pw")
        self.rule("--on", "failure", "--to", "ops@example.org", "--to", "ann@example.org")
        self.job("broken", good=False)
        run = self.failed_run()
        mails = server.inbox.wait(2)
        self.assertEqual({m["to"][0] for m in mails}, {"ops@example.org", "ann@example.org"})
        for mail in mails:
            self.assertTrue(mail["tls"] and mail["login"])
            self.assertIn("broken failed", mail["subject"])
            text = mail["message"].get_body(("plain",)).get_content()
            html = mail["message"].get_body(("html",)).get_content()
            for part in ("broken", "not_found", f"https://dray.example.org/#/runs/{run}",
                         "dray run broken"):
                self.assertIn(part, text)
            self.assertIn("broken", html)
            self.assertEqual(mail["message"]["Auto-Submitted"], "auto-generated")
        self.assertNotEqual(mails[0]["id"], mails[1]["id"])
        self.stack.wait_until(lambda: self.stack.show(run)["run"]["notified_at"], "the run to be marked")
        self.stack.dray("notify", "test", "mail", "--to", "me@example.org")
        self.assertEqual(server.inbox.wait(3)[2]["to"], ["me@example.org"])
        self.secret_is_nowhere()

    def secret_is_nowhere(self):
        import base64
        forms = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()), PASSWORD.encode().hex().encode()]
        for path in self.stack.dir.rglob("*"):
            if path.is_file() and path.name != "pw":
                content = path.read_bytes()
                self.assertFalse([f for f in forms if f in content], path)
        for process in self.stack.processes.values():
            for name in ("cmdline", "environ"):
                content = pathlib.Path(f"/proc/{process.pid}/{name}").read_bytes()
                self.assertFalse([f for f in forms if f in content])

    def test_a_wrong_certificate_or_login_is_said_and_nothing_is_sent(self):
        server = self.mail_server(folder=self.stack.dir / "tls", login=("dray", PASSWORD))
        (self.stack.dir / "pw").write_text("wrong")
        flags = ["host=127.0.0.1", f"port={server.port}", "from=dray@example.org", "user=dray",
                 "--secret", f"password={self.stack.dir}/pw"]
        self.stack.dray("notify", "add-channel", "untrusted", "smtp", *flags)
        self.stack.dray("notify", "add-channel", "wrong", "smtp", *flags, f"ca=@{server.certificate}")
        for channel, problem in (("untrusted", "certificate is not trusted"), ("wrong", "login")):
            done = self.stack.dray("notify", "test", channel, "--to", "me@example.org", expect=FAILED)
            self.assertIn(problem, done.stderr)
        plain = self.mail_server()
        self.stack.dray("notify", "add-channel", "plain", "smtp", "host=127.0.0.1",
                        f"port={plain.port}", "from=dray@example.org")
        done = self.stack.dray("notify", "test", "plain", "--to", "me@example.org", expect=FAILED)
        self.assertIn("STARTTLS", done.stderr)
        self.assertEqual(server.inbox.all() + plain.inbox.all(), [])

    def test_whatever_the_server_does_the_mail_arrives_once(self):
        server = self.mail_server()
        self.plain_channel(server)
        self.rule("--on", "failure", "--to", "ops@example.org")
        self.job("broken", good=False)
        arrived = 0
        for fault, error in (("greet-421", "reached|421|reply|take"), ("rcpt-450", "450"),
                             ("data-451", "451"), ("greet-hang", "in time")):
            with self.subTest(fault):
                server.faults = {fault}
                run = self.failed_run()
                row = self.stack.wait_until(
                    lambda: (rows := self.deliveries("--run", run)) and rows[0]["last_error"] and rows[0],
                    "an attempt to fail")
                self.assertRegex(row["last_error"], error)
                self.assertIn(row["state"], ("waiting", "sending"))
                server.faults = set()
                arrived += 1
                self.assertEqual(server.inbox.wait(arrived)[-1]["id"], f"<{row['message_id']}>")
                self.stack.wait_until(
                    lambda: self.deliveries("--run", run)[0]["state"] == "delivered", "the delivery to end")
        self.assertEqual(len(server.inbox.all()), arrived)

    def test_who_does_not_exist_is_given_up_and_the_others_get_theirs(self):
        server = self.mail_server()
        self.plain_channel(server)
        self.rule("--on", "failure", "--to", "gone@example.org", "--to", "ann@example.org")
        self.job("broken", good=False)
        server.faults = {"rcpt-550=gone@example.org"}
        self.failed_run()
        row = self.wait_for_state("failed")[0]
        self.assertEqual(row["recipient"], "gone@example.org")
        self.assertIn("no such user here", row["last_error"])
        self.assertEqual(row["attempts"], 1)
        self.assertEqual(server.inbox.wait(1)[0]["to"], ["ann@example.org"])
        server.faults = set()
        self.stack.dray("notify", "retry", row["id"])
        self.assertEqual(server.inbox.wait(2)[1]["to"], ["gone@example.org"])

    def test_a_second_copy_comes_only_where_the_server_hung_up_while_saying_yes(self):
        server = self.mail_server()
        self.plain_channel(server)
        self.rule("--on", "failure", "--to", "ops@example.org")
        self.job("broken", good=False)
        server.faults = {"data-lost"}
        self.failed_run()
        server.inbox.wait(1)
        server.faults = set()
        mails = server.inbox.wait(2)
        self.wait_for_state("delivered")
        self.assertEqual(mails[0]["id"], mails[1]["id"])
        self.assertEqual(mails[0]["raw"], mails[1]["raw"])
        self.assertEqual(len(server.inbox.all()), 2)

    def test_one_channel_steps_in_for_another(self):
        server, second = self.mail_server(), self.mail_server()
        self.plain_channel(second, name="second")
        self.plain_channel(server, "--fallback", "second")
        self.rule("--on", "failure", "--to", "ops@example.org")
        self.job("broken", good=False)
        server.faults = {"data-554"}
        self.failed_run()
        mail = second.inbox.wait(1)[0]
        self.assertEqual(mail["to"], ["ops@example.org"])
        self.assertIn("looks like spam", mail["message"].get_content())


class Dying(NotifyTest):
    def set_up(self):
        super().set_up()
        self.server = self.mail_server()
        self.plain_channel(self.server)
        self.rule("--on", "failure,success,cancelled,fixed", "--to", "ops@example.org")
        self.job("broken", good=False)
        self.job("fine")

    def test_what_happened_while_the_notifier_was_away_is_told_once(self):
        self.stack.kill("notifier")
        runs = [self.failed_run(), self.run_to_end("fine", "succeeded"), self.failed_run()]
        self.assertEqual(self.server.inbox.all(), [])
        self.stack.start("notifier")
        self.server.inbox.wait(3)
        self.wait_for_state("delivered", 3)
        for _ in range(2):
            self.stack.restart("notifier")
        runs.append(self.failed_run())
        mails = self.server.inbox.wait(4)
        self.wait_for_state("delivered", 4)
        self.assertEqual(len(self.server.inbox.all()), 4)
        told = sorted(int(m["subject"].split("(run ")[1].rstrip(")")) for m in mails)
        self.assertEqual(told, runs)

    def test_killed_between_the_event_and_the_delivery(self):
        self.server.faults = {"greet-hang"}
        before = len(self.server.connections.all())
        run = self.failed_run()
        self.server.connections.wait(before + 1)  # it is being sent now
        self.stack.kill("notifier")
        self.assertEqual(self.server.inbox.all(), [])
        self.server.faults = set()
        self.stack.start("notifier")
        self.server.inbox.wait(1)
        row = self.wait_for_state("delivered")[0]
        self.assertEqual((row["run"], row["attempts"]), (run, 2))
        self.assertEqual(len(self.server.inbox.all()), 1)

    def test_killed_at_any_moment_nobody_misses_anything(self):
        runs = []
        for _ in range(6):
            runs.append(self.stack.run("broken"))
            self.stack.kill("notifier")
            self.stack.wait(runs[-1])
            self.stack.start("notifier")
        self.stack.wait_until(
            lambda: {r["run"] for r in self.deliveries("--state", "delivered")} == set(runs),
            "all to be delivered", on_failure=lambda: json.dumps(self.deliveries(), indent=1))
        ids = [m["id"] for m in self.server.inbox.all()]
        self.assertEqual(len(set(ids)), len(runs))
        # Copies more are allowed only of what was in the server's hands when the process died.
        self.assertLessEqual(len(ids), sum(r["attempts"] for r in self.deliveries()))
        copies = {m["id"]: m["raw"] for m in self.server.inbox.all()}
        for mail in self.server.inbox.all():
            self.assertEqual(mail["raw"], copies[mail["id"]])

    def test_the_scheduler_and_the_broker_may_die_too(self):
        run = self.stack.run("broken")
        self.stack.restart("drayd")
        self.stack.restart("broker")
        self.stack.wait(run)
        self.assertIn(f"(run {run})", self.server.inbox.wait(1)[0]["subject"])
        self.wait_for_state("delivered")
        self.assertEqual(len(self.server.inbox.all()), 1)


class Rules(NotifyTest):
    def set_up(self):
        super().set_up()
        self.server = self.mail_server()
        self.plain_channel(self.server)

    def subjects(self, count):
        return [m["subject"] for m in self.server.inbox.wait(count)]

    def test_only_what_happens_after_the_first_start_is_told_but_all_of_it_is_known(self):
        self.stack.kill("notifier")
        self.job("job", good=False)
        self.failed_run("job")
        self.rule("--on", "failure,fixed", "--to", "ops@example.org")
        shutil.rmtree(self.stack.dir / "data/notifier")
        self.stack.start("notifier")
        self.make_files("nothing", 1)
        self.run_to_end("job", "succeeded")
        self.assertIn("job works again", self.subjects(1)[0])

    def test_failures_are_told_after_the_last_attempt_and_then_the_repair(self):
        self.rule("--on", "failure,fixed,success", "--to", "ops@example.org", "--only-changes")
        self.stack.remote("away", {"type": "webdav", "url": f"http://127.0.0.1:{free_port()}", "vendor": "other"})
        self.stack.job("job", f"disk:{self.files}/source", "away:x", "--guard", "off", "--validation",
                       "none", "--retry-attempts", "2", "--retry-backoff", "1s")
        run = self.stack.run("job")
        self.stack.wait(run, "failed", 120)
        self.assertGreater(len(self.stack.show(run)["attempts"]), 1)
        self.assertIn("job failed: the network or the server failed", self.subjects(1)[0])
        self.stack.wait(self.stack.run("job"), "failed", 120)  # the second in a row
        self.stack.dray("job", "edit", "job", "--to", f"disk:{self.files}/copies/job")
        self.run_to_end("job", "succeeded")
        self.assertIn("job works again", self.subjects(2)[1])
        self.wait_for_state("delivered", 2)
        self.assertEqual(len(self.server.inbox.all()), 2)

    def test_clients_and_jobs_have_rules_and_templates_of_their_own(self):
        self.stack.dray("client", "add", "acme")
        self.stack.dray("remote", "add", "disk", "local", "--client", "acme", "--no-test")
        for name in ("one", "two"):
            self.job(name, False, "--client", "acme")
        self.rule("--on", "failure", "--to", "ops@example.org")
        self.rule("--on", "failure", "--to", "acme@example.org", "--client", "acme")
        self.rule("--on", "failure", "--to", "two@example.org", "--job", "two")
        self.stack.dray("notify", "set-template", "subject", "-", "--client", "acme",
                        input="Oh no, {{job}}!\n")
        self.failed_run("one")
        self.failed_run("two")
        mails = self.server.inbox.wait(4)
        self.assertEqual(sorted((m["subject"], m["to"][0]) for m in mails),
                         [("Oh no, one!", "acme@example.org"), ("Oh no, one!", "ops@example.org"),
                          ("Oh no, two!", "ops@example.org"), ("Oh no, two!", "two@example.org")])
        self.assertEqual(self.stack.json("notify", "preview", "--client", "acme")["subject"],
                         "Oh no, photos!")
        refused = self.stack.dray("notify", "set-template", "text", "-", input="{{jbo}}", expect=USAGE)
        self.assertIn("did you mean job?", refused.stderr)

    def test_a_storm_becomes_a_digest(self):
        self.stack.dray("notify", "set-channel", "mail", "--digest-after", "3")
        self.rule("--on", "failure", "--to", "ops@example.org")
        self.job("broken", False)
        self.stack.kill("notifier")
        runs = [self.failed_run() for _ in range(8)]
        self.stack.start("notifier")
        mails = self.server.inbox.wait(4)
        self.assertIn("5 notices", mails[3]["subject"])
        digest = mails[3]["message"].get_body(("plain",)).get_content()
        self.assertEqual([r for r in runs if f"(run {r})" in digest], runs[3:])
        self.wait_for_state("folded", 5)
        self.stack.wait_until(lambda: all(self.stack.show(r)["run"]["notified_at"] for r in runs),
                              "all runs to be marked")
        self.assertEqual(len(self.server.inbox.all()), 4)

    def test_silence_is_told(self):
        self.rule("--every", "2s", "--on", "fixed", "--to", "ops@example.org")
        self.job("fine")
        self.assertIn("fine is overdue: no good run for 2.0s", self.subjects(1)[0])
        self.run_to_end("fine", "succeeded")
        self.assertIn("fine works again", self.subjects(2)[1])

    def test_runs_that_are_held_missed_or_cancelled_are_told(self):
        self.rule("--on", "held,cancelled,missed", "--to", "ops@example.org")
        self.stack.job("job", f"disk:{self.files}/source", f"disk:{self.files}/copy")
        self.run_to_end("job", "succeeded")
        for path in (self.files / "source").iterdir():
            path.unlink()
        run = self.stack.run("job")
        self.stack.wait(run, "held")
        self.assertIn("job waits for approval", self.subjects(1)[0])
        self.assertIn(f"dray runs approve {run}",
                      self.server.inbox.all()[0]["message"].get_body(("plain",)).get_content())
        self.stack.dray("cancel", run, "--reason", "not today")
        self.assertIn("job was cancelled", self.subjects(2)[1])


class Web(NotifyTest):
    def set_up(self):
        super().set_up()
        self.hook = self.enterContext(WebReceiver())
        (self.stack.dir / "key").write_text("shared-key")
        self.job("broken", good=False)

    def channel(self, url=None, name="hook", *flags):
        self.stack.dray("notify", "add-channel", name, "webhook", f"url={url or self.hook.url}/in",
                        "--secret", f"secret={self.stack.dir}/key", *flags)

    def test_a_webhook_is_signed_and_repeated_until_it_is_taken(self):
        self.channel()
        self.rule("--on", "failure", channel="hook")
        self.hook.answers = [500, (429, {"Retry-After": "1"}), 200]
        run = self.failed_run()
        calls = self.hook.inbox.wait(3)
        row = self.wait_for_state("delivered")[0]
        self.assertEqual(row["attempts"], 3)
        for call in calls:
            fields = dict(f.split("=", 1) for f in call["headers"]["X-Dray-Signature"].split(","))
            signed = fields["t"].encode() + b"." + call["body"]
            self.assertEqual(fields["v1"], hmac.new(b"shared-key", signed, hashlib.sha256).hexdigest())
            self.assertEqual(call["headers"]["X-Dray-Delivery"], row["message_id"])
            self.assertEqual(call["body"], calls[0]["body"])
        notice = json.loads(calls[0]["body"])
        self.assertEqual((notice["event"], notice["run"], notice["error_class"]),
                         ("failure", run, "not_found"))

    def test_redirects_are_not_followed(self):
        trap = self.enterContext(WebReceiver())
        self.channel()
        self.rule("--on", "failure", channel="hook")
        self.hook.answers = [(307, {"Location": trap.url})]
        self.failed_run()
        self.assertIn("redirects are not followed", self.wait_for_state("failed")[0]["last_error"])
        self.assertEqual(trap.inbox.all(), [])

    def test_inner_addresses_are_refused_after_the_name_is_resolved(self):
        port = self.hook.url.rsplit(":", 1)[1]
        for i, host in enumerate(("127.0.0.2", "[::1]", "0.0.0.0", "169.254.169.254", "2130706434")):
            self.channel(f"http://{host}:{port}", f"inner{i}")
            done = self.stack.dray("notify", "test", f"inner{i}", expect=FAILED)
            self.assertIn("is not allowed", done.stderr)
        self.assertEqual(self.hook.inbox.all(), [])
        self.channel()
        self.stack.dray("notify", "test", "hook")
        self.hook.inbox.wait(1)

    def test_pings_chat_and_push(self):
        (self.stack.dir / "ping").write_text(f"{self.hook.url}/ping/uuid")
        (self.stack.dir / "chat").write_text(f"{self.hook.url}/chat")
        self.stack.dray("notify", "add-channel", "ping", "healthchecks", "--secret",
                        f"url={self.stack.dir}/ping")
        self.stack.dray("notify", "add-channel", "chat", "slack", "--secret",
                        f"url={self.stack.dir}/chat")
        self.stack.dray("notify", "add-channel", "push", "ntfy", f"url={self.hook.url}/topic")
        self.stack.dray("notify", "add-channel", "alerts", "alertmanager", f"url={self.hook.url}")
        self.rule("--on", "started,success,failure", channel="ping")
        for channel in ("chat", "push", "alerts"):
            self.rule("--on", "failure", channel=channel)
        self.job("fine")
        self.run_to_end("fine", "succeeded")
        self.failed_run()
        calls = self.hook.inbox.wait(7)
        by_path = {c["path"]: c for c in calls}
        self.assertEqual(set(by_path), {"/ping/uuid/start", "/ping/uuid", "/ping/uuid/fail", "/chat",
                                        "/topic", "/api/v2/alerts"})
        self.assertIn("broken failed", json.loads(by_path["/chat"]["body"])["text"])
        title = by_path["/topic"]["headers"]["Title"]
        self.assertIn("broken failed", str(email.header.make_header(email.header.decode_header(title))))
        self.assertEqual(json.loads(by_path["/api/v2/alerts"]["body"])[0]["labels"]["job"], "broken")

    def test_a_changed_place_needs_the_secret_again(self):
        self.channel()
        refused = self.stack.dray("notify", "set-channel", "hook", "url=http://127.0.0.1:1/",
                                  expect=CONFLICT)
        self.assertIn("enter the secrets again", refused.stderr)
        self.stack.dray("notify", "set-channel", "hook", f"url={self.hook.url}/other", "--secret",
                        f"secret={self.stack.dir}/key")
        self.stack.dray("notify", "test", "hook")
        self.assertEqual(self.hook.inbox.wait(1)[0]["path"], "/other")


if __name__ == "__main__":
    main()
