"""What monitoring gets: the numbers of a real stack are what Prometheus takes, and the alert rules and the
dashboard that come along ask for numbers that there are."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import api
from api_test import ApiTest
from harness import SOURCE_DIR, Stack, main
from receivers import MailServer

RULES = SOURCE_DIR / "ops/prometheus/dray.yml"
DASHBOARD = SOURCE_DIR / "ops/grafana/dray.json"


def promtool(*arguments, **options):
    # ops/install-deps unpacks it: nobody wants a Prometheus started for its checker.
    unpacked = pathlib.Path(os.environ.get("DRAY_DEPS_PREFIX", SOURCE_DIR / "build/deps"))
    program = shutil.which("promtool") or str(unpacked / "usr/bin/promtool")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expressions():
    rules = [rule["expr"] for group in api.yaml.safe_load(RULES.read_text())["groups"]
             for rule in group["rules"]]
    panels = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"]
              for target in panel["targets"]]
    return rules, panels


class TestMonitoring(ApiTest):
    options = {"notifier": 'allow_addresses = ["127.0.0.1"]\n', "config": ""}

    def metrics(self, client=None):
        answer = (client or self.admin).raw("GET", "/metrics")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body.decode()

    def value(self, sample):
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.metrics(), re.M)
        return float(found[1]) if found else None

    def something_of_everything(self):
        self.add_remote()
        self.add_job("photos")
        self.admin.ask("PUT", "/bandwidth", {"kbps": 50_000})
        self.enterContext(server := MailServer())
        self.admin.post("/notifications/channels", expect=201, body={
            "name": "mail", "kind": "smtp", "settings": {
                "host": "127.0.0.1", "port": str(server.port), "security": "none",
                "from": "dray@example.org"}})
        self.admin.post("/notifications/rules", expect=201, body={
            "events": ["success"], "channel": "mail", "recipients": ["ops@example.org"]})
        self.admin.post("/tokens", {"name": "t", "scope": "read",
                                    "expires_at": "2099-01-01T00:00:00Z"}, expect=201)
        self.wait_for(self.admin.post("/jobs/photos/runs", {}, expect=202)["run"])
        server.inbox.wait(1)
        self.stack.wait_until(lambda: self.value('dray_notifications_total{channel="mail"}') == 1,
                              "the mail to be counted")

    def test_the_numbers_are_what_prometheus_takes_and_rules_and_dashboard_ask_for(self):
        self.something_of_everything()
        text = self.metrics()
        promtool("check", "metrics", input=text)
        there = set(re.findall(r"^# TYPE (\w+)", text, re.M))
        for expression in sum(expressions(), []):
            for name in re.findall(r"\bdray_\w+", expression):
                self.assertIn(re.sub(r"_bucket$", "", name), there, expression)
        job = 'client="default",job="photos"'
        self.assertEqual(self.value(f'dray_runs_total{{{job},outcome="succeeded"}}'), 1)
        self.assertEqual(self.value(f"dray_run_files_total{{{job}}}"), 20)
        self.assertGreater(self.value(f"dray_run_bytes_total{{{job}}}"), 0)
        self.assertLess(self.value(f"dray_rpo_seconds{{{job}}}"), 300)
        self.assertEqual(self.value('dray_queue_depth{client="default"}'), 0)
        self.assertEqual(self.value('dray_running{client="default"}'), 0)
        self.assertEqual(self.value('dray_bandwidth_limit_bytes{scope="global",name=""}'), 50_000_000)
        self.assertEqual(self.value('dray_notification_failures_total{channel="mail"}'), 0)
        self.assertGreater(self.value("dray_db_size_bytes"), 0)
        self.stack.wait_until(lambda: self.value("dray_event_lag") == 0, "all events to be dealt with")
        self.assertEqual(self.value("dray_event_lag_seconds"), 0)

    def test_a_client_gets_its_own_numbers_and_no_path_is_in_any(self):
        self.admin.post("/clients", {"name": "acme"}, expect=201)
        self.something_of_everything()
        acme = api.Client(self.address, api.token(self.stack, "acme", "read", "acme"))
        text = self.metrics(acme)
        self.assertIn('dray_queue_depth{client="acme"} 0', text)
        self.assertNotIn("photos", text)
        self.assertNotIn("default", text)
        self.assertNotIn(str(self.stack.dir), self.metrics())

    def test_the_alert_rules_say_what_they_should_when_they_should(self):
        promtool("check", "rules", RULES)
        folder = self.stack.dir / "alerts"
        folder.mkdir()
        for path in (RULES, SOURCE_DIR / "tests/system/alerts_test.yml"):
            shutil.copy(path, folder)
        promtool("test", "rules", folder / "alerts_test.yml")

    def test_the_dashboard_asks_in_words_that_prometheus_knows(self):
        panels = json.loads(DASHBOARD.read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        rules = [{"record": "dray:panel", "expr": expression.replace("$client", ".*")}
                 for expression in expressions()[1]]
        path = self.stack.dir / "panels.yml"
        path.write_text(json.dumps({"groups": [
            {"name": f"g{i}", "rules": [rule]} for i, rule in enumerate(rules)]}))
        promtool("check", "rules", "--lint=none", path)


if __name__ == "__main__":
    main()
