"""Who is told what becomes of backups: mail and webhooks against receivers that fail at every stage, and
a notifier that dies at bad moments."""


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


if __name__ == "__main__":
    main()
