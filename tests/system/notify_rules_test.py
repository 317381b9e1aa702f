"""Which events are told by which rules and in which words, and the ways of the web: webhooks, chat, push."""

import hashlib
import hmac

from harness import *
from notify_test import NotifyTest
from receivers import *


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
