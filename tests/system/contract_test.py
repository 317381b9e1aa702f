"""Every operation of schemas/openapi.yaml is asked for at least once and must succeed. What is sent and what comes
back is checked against the contract (api.py), which knows no more fields than it names."""

import json
from concurrent.futures import ThreadPoolExecutor

import api
from api_test import PASSWORD, ApiTest
from harness import main
from receivers import MailServer
from servers import Sftp


class TestEveryOperation(ApiTest):
    options = {"notifier": 'allow_addresses = ["127.0.0.1"]\n', "slots": 2}

    def test_each_does_what_the_contract_says(self):
        api.Client.seen.clear()
        for part in (self.people, self.clients_and_remotes, self.jobs, self.runs, self.held_runs,
                     self.versions, self.uploads, self.notifications, self.system, self.ends):
            with self.subTest(part.__name__):
                part()
        there = {(method.upper(), path, int(status))
                 for path, item in api.CONTRACT["paths"].items()
                 for method, operation in item.items() if method != "parameters"
                 for status in operation["responses"] if status not in ("default", "101")}
        self.assertEqual(there - api.Client.seen, set())

    def people(self):
        self.stack.wait_until((link := self.stack.dir / "data/notifier/setup-link").exists, "the link")
        person = api.Client(self.address)
        made = person.say("POST", "/setup", {"token": link.read_text().strip().split("#")[1],
                                             "name": "ann", "password": PASSWORD})
        person.take_session(made)
        person.get("/version")
        person.get("/me")
        person.say("POST", "/me/password", {"old_password": PASSWORD, "new_password": PASSWORD + "!"},
                   expect=204)
        person.login("ann", PASSWORD + "!")
        person.ask("POST", "/logout", expect=204)
        admin = self.admin
        admin.post("/users", {"name": "bob", "scope": "read", "password": PASSWORD}, expect=201)
        admin.get("/users")
        admin.get("/users/bob")
        admin.ask("PATCH", "/users/bob", {"enabled": False})
        admin.ask("DELETE", "/users/bob", expect=204)
        made = admin.post("/tokens", {"name": "t", "scope": "read"}, expect=201)
        admin.get("/tokens")
        admin.ask("DELETE", f"/tokens/{made['token']['id']}", expect=204)
        admin.get("/audit?limit=2")

    def clients_and_remotes(self):
        admin = self.admin
        admin.post("/clients", {"name": "acme", "weight": 2}, expect=201)
        admin.get("/clients")
        admin.get("/clients/acme")
        admin.ask("PATCH", "/clients/acme", {"weight": 3})
        admin.post("/clients/acme/pause", {"reason": "maintenance"})
        admin.post("/clients/acme/resume")
        self.add_remote()
        self.add_remote("acme", "disk")
        admin.get("/remotes?client=acme")
        admin.get("/clients/acme/remotes/disk")
        admin.ask("PATCH", "/clients/acme/remotes/disk", {"max_concurrent": 2})
        self.make_files("seen")
        where = "/clients/default/remotes/disk"
        admin.post(f"{where}/test?path={self.stack.dir}/files/seen")
        admin.get(f"{where}/space?path={self.stack.dir}/files/seen")
        admin.get(f"{where}/entries?path={self.stack.dir}/files/seen&files=true")
        admin.get("/remote-types")
        admin.get("/remote-types/s3")
        server = self.enterContext(Sftp(self.stack.dir / "sftp"))
        admin.get(f"/host-keys?host=127.0.0.1&port={server.port}")

    def jobs(self):
        admin = self.admin
        self.add_job("photos", layout="versioned")
        self.add_job("spare", schedule={"kind": "daily", "at": "02:30", "time_zone": "Europe/Berlin"})
        admin.get("/jobs?limit=1")
        admin.get("/jobs/spare")
        admin.ask("PATCH", "/jobs/spare", {"priority": 5})
        admin.post("/jobs/spare/disable")
        admin.post("/jobs/spare/enable")
        admin.post("/jobs/spare/pause", {"reason": "later"})
        admin.post("/jobs/spare/resume")
        admin.get("/jobs/spare/next?count=3")
        admin.post("/schedules/preview", {"schedule": {"kind": "cron", "cron": "*/5 * * * *"}})

    def runs(self):
        admin = self.admin
        first = admin.post("/jobs/photos/runs", {}, expect=202)["run"]
        self.wait_for(first)
        admin.get("/runs?limit=1&state=ended")
        admin.get(f"/runs/{first}")
        admin.get(f"/runs/{first}/why")
        for form in ("json", "text", "raw"):
            admin.get(f"/runs/{first}/log?format={form}")
        again = admin.post(f"/runs/{first}/retry", {}, expect=202)["run"]
        self.wait_for(again)
        admin.post("/queue/pause", {"reason": "hold on"})
        waiting = admin.post("/jobs/photos/runs", {"dry_run": True}, expect=202)["run"]
        admin.get("/queue")
        admin.post(f"/runs/{waiting}/priority", {"priority": 7})
        admin.post(f"/runs/{waiting}/pause", {"reason": "not yet"}, expect=202)
        admin.post(f"/runs/{waiting}/resume", expect=202)
        admin.post("/runs/pause", {"runs": [waiting]}, expect=202)
        admin.post("/runs/resume", {"runs": [waiting]}, expect=202)
        admin.post(f"/runs/{waiting}/cancel", {"reason": "enough"}, expect=202)
        admin.post("/runs/cancel", {"job": "photos"}, expect=202)
        admin.post("/queue/resume")

    def held_runs(self):
        admin = self.admin
        self.add_job("guarded")
        self.wait_for(admin.post("/jobs/guarded/runs", {}, expect=202)["run"])
        for path in (self.stack.dir / "files/guarded-from").rglob("*"):
            if path.is_file():
                path.unlink()
        for decision, states in (("reject", ("cancelled",)), ("approve", ("succeeded", "warning"))):
            run = admin.post("/jobs/guarded/runs", {}, expect=202)["run"]
            self.wait_for(run, states=("held",))
            admin.post(f"/runs/{run}/{decision}", {"reason": "seen"}, expect=202)
            self.wait_for(run, states=states)

    def versions(self):
        admin = self.admin
        versions = admin.get("/jobs/photos/versions")["versions"]
        run = versions[0]["run"]
        admin.get("/jobs/photos/files?pattern=*")
        admin.get("/jobs/photos/retention")
        admin.get(f"/versions/{run}")
        admin.post(f"/versions/{run}/pin", {"reason": "taxes"})
        admin.post(f"/versions/{run}/unpin")
        self.wait_for(admin.post(f"/versions/{run}/restore", {
            "destination": f"disk:{self.stack.dir}/files/restored"}, expect=202)["run"])

    def uploads(self):
        self.admin.post("/jobs", {"name": "in", "kind": "upload", "encryption": False,
                                  "destination": f"disk:{self.stack.dir}/files/in"}, expect=201)
        body, headers = api.multipart({"job": "in"}, "a.txt", b"abc")
        answer = self.admin.raw("POST", api.BASE + "/uploads", body, headers)
        self.admin.check("POST", api.BASE + "/uploads", answer)
        self.wait_for(answer.json["run"])
        self.admin.get("/receipts?job=in")

    def notifications(self):
        admin, base = self.admin, "/notifications"
        self.enterContext(server := MailServer())
        settings = {"host": "127.0.0.1", "port": str(server.port), "security": "none",
                    "from": "dray@example.org"}
        admin.get(f"{base}/kinds")
        admin.post(f"{base}/channels", {"name": "mail", "kind": "smtp", "settings": settings}, expect=201)
        admin.get(f"{base}/channels")
        admin.get(f"{base}/channels/mail")
        admin.ask("PATCH", f"{base}/channels/mail", {"max_per_hour": 5})
        self.assertTrue(admin.post(f"{base}/channels/mail/test", {"recipient": "me@example.org"})["ok"])
        rule = admin.post(f"{base}/rules", {"events": ["success"], "channel": "mail", "job": "photos",
                                            "recipients": ["ops@example.org"]}, expect=201)
        self.assertEqual(rule["client"], "default")
        admin.get(f"{base}/rules?job=photos")
        admin.ask("PATCH", f"{base}/rules/{rule['id']}", {"only_changes": True})
        part = {"event": "success", "part": "subject", "text": "{{job}} is fine"}
        admin.ask("PUT", f"{base}/templates", part, expect=204)
        admin.get(f"{base}/templates")
        run = admin.post("/jobs/photos/runs", {}, expect=202)["run"]
        self.assertEqual(server.inbox.wait(2)[1]["subject"], "photos is fine")
        self.assertEqual(admin.get(f"{base}/preview?run={run}&event=success")["subject"],
                         "photos is fine")
        shown = admin.get(f"{base}/deliveries?limit=1")["deliveries"]
        self.assertEqual((shown[0]["run"], shown[0]["recipient"]), (run, "ops@example.org"))
        server.faults = {"rcpt-550=ops@example.org"}
        admin.post("/jobs/photos/runs", {}, expect=202)
        self.stack.wait_until(lambda: admin.get(f"{base}/deliveries?state=failed")["deliveries"],
                              "a delivery to be given up")
        server.faults = set()
        self.assertEqual(admin.post(f"{base}/deliveries/retry", {"channel": "mail"})["retried"], 1)
        server.inbox.wait(3)
        admin.ask("DELETE", f"{base}/templates?event=success&part=subject", expect=204)
        admin.ask("DELETE", f"{base}/channels/mail", expect=409)
        admin.ask("DELETE", f"{base}/rules/{rule['id']}", expect=204)
        admin.ask("DELETE", f"{base}/channels/mail", expect=204)

    def system(self):
        admin = self.admin
        admin.ask("PUT", "/bandwidth", {"kbps": 50_000})
        admin.get("/bandwidth")
        admin.get("/status")
        worker = admin.get("/workers")["workers"][0]["name"]
        admin.get(f"/workers/{worker}")
        admin.get(f"/workers/{worker}/programs")
        admin.ask("POST", f"/workers/{worker}/drain", expect=204)
        admin.ask("POST", f"/workers/{worker}/undrain", expect=204)
        admin.get("/programs")
        admin.get("/settings")
        admin.ask("PUT", "/settings/history_keep_days", {"value": 90})
        admin.get("/system/check")
        admin.post("/system/backup", {"path": f"{self.stack.dir}/copy.db"})
        for table in ("runs", "receipts", "events", "audit"):
            for form in ("csv", "jsonl"):
                admin.get(f"/export/{table}?format={form}")
        admin.get("/events?limit=3")
        admin.get("/openapi.yaml")

    def ends(self):
        self.admin.ask("DELETE", "/jobs/spare", expect=204)
        self.admin.ask("DELETE", "/clients/acme/remotes/disk", expect=204)
        self.admin.ask("DELETE", "/clients/acme", expect=204)


class TestChangesThatDependOnWhatWasSeen(ApiTest):
    """If-Match is judged where the change is made: of many who saw the same, one gets through."""

    def things(self):
        self.add_remote()
        self.add_job()
        self.admin.post("/clients", {"name": "acme"}, expect=201)
        self.admin.post("/users", {"name": "bob", "scope": "read", "password": PASSWORD}, expect=201)
        self.admin.post("/notifications/channels", expect=201, body={
            "name": "hook", "kind": "ntfy", "settings": {"url": "https://ntfy.example.org/x"}})
        return {"/jobs/photos": {"priority": 3}, "/clients/acme": {"weight": 4},
                "/users/bob": {"scope": "operate"},
                "/clients/default/remotes/disk": {"max_concurrent": 3},
                "/notifications/channels/hook": {"max_per_hour": 7}}

    def test_it_holds_for_everything_that_has_a_tag(self):
        for path, change in self.things().items():
            with self.subTest(path):
                seen = self.admin.get_tag(path)
                self.admin.ask("PATCH", path, change, headers={"If-Match": seen})
                problem = self.admin.ask("PATCH", path, change, expect=412, headers={"If-Match": seen})
                self.assertEqual(problem["code"], "precondition_failed")
                self.admin.ask("DELETE", path, expect=412, headers={"If-Match": seen})
                self.admin.ask("DELETE", path, expect=204,
                               headers={"If-Match": self.admin.get_tag(path)})

    def test_of_many_at_once_one_gets_through(self):
        self.add_remote()
        self.add_job()
        seen = self.admin.get_tag("/jobs/photos")

        def change(priority):
            return self.admin.raw("PATCH", "/api/v1/jobs/photos", json.dumps({"priority": priority}),
                                  {"Content-Type": "application/json", "If-Match": seen}).status

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(change, range(1, 25)))
        self.assertEqual(sorted(statuses), [200] + [412] * 23)


class TestKeys(ApiTest):
    def test_a_repeated_request_gets_the_first_answer_also_where_secrets_are_sealed_anew(self):
        self.add_remote()
        requests = {
            "/remotes": {"name": "nas", "type": "sftp",
                         "settings": {"host": "127.0.0.1", "user": "u", "pass": "secret-secret"}},
            "/users": {"name": "bob", "scope": "read", "password": PASSWORD},
            "/notifications/channels": {"name": "chat", "kind": "slack", "settings": {
                "url": "https://chat.example.org/hooks/secret"}},
            "/jobs": {"name": "sealed", "source": f"disk:{self.stack.dir}/files/a", "encryption": True,
                      "destination": f"disk:{self.stack.dir}/files/sealed"}}
        for path, body in requests.items():
            with self.subTest(path):
                key = {"Idempotency-Key": f"key of {path}"}
                first = self.admin.post(path, body, expect=201, headers=key)
                self.assertEqual(self.admin.post(path, body, expect=201, headers=key), first)
                other = {**body, "name": "other"}
                self.assertIn("another request",
                              self.admin.post(path, other, expect=409, headers=key)["detail"])
                self.assertRegex(self.admin.post(path, body, expect=409)["detail"], "already")


if __name__ == "__main__":
    main()
