"""The page's and programs' side of Drayage: REST through a real client, on the built programs and the
real rclone. Every answer is checked against the contract (api.py)."""

import csv
import hashlib
import io
import json
import socket
import time
import unittest

import api
from harness import BIN, Stack, StackTest, main

PASSWORD = "correct horse battery"


class ApiTest(StackTest):
    options = {"notifier": True}

    def set_up(self):
        self.address = api.address_of(self.stack)
        self.admin = api.Client(self.address, api.token(self.stack, "admin", "admin"))

    def add_remote(self, client="default", name="disk"):
        return self.admin.post("/remotes", {"name": name, "client": client, "type": "local",
                                            "settings": {}}, expect=201)

    def add_job(self, name="photos", client="default", **fields):
        source = self.make_files(f"{name}-from")
        body = {"name": name, "client": client, "source": f"disk:{source}", "layout": "mirror",
                "destination": f"disk:{self.stack.dir}/files/{name}-to",
                "validation": {"mode": "none"}, **fields}
        return self.admin.post("/jobs", body, expect=201)

    def wait_for(self, run, client=None, states=("succeeded",)):
        return self.stack.wait_until(
            lambda: (r := (client or self.admin).get(f"/runs/{run}")["run"])["state"] in states and r,
            f"run {run} to be {states}")


class TestLife(ApiTest):
    def test_a_job_is_made_run_and_looked_at(self):
        admin = self.admin
        self.assertEqual(self.add_remote()["name"], "disk")
        self.assertEqual(self.add_job()["next_due"], None)
        answer = admin.raw("POST", "/api/v1/jobs/photos/runs", "{}",
                           {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 202)
        run = answer.json["run"]
        self.assertEqual(answer.headers["Location"], f"/api/v1/runs/{run}")
        self.assertEqual(self.wait_for(run)["files"], 20)
        shown = admin.get(f"/runs/{run}")
        self.assertEqual(shown["attempts"][0]["outcome"], "succeeded")
        self.assertEqual(admin.get("/runs?state=ended&job=photos")["runs"][0]["run"], run)
        self.assertEqual(admin.get(f"/runs/{run}/why")["reasons"][0]["code"], "ended")
        piece = admin.get(f"/runs/{run}/log")
        self.assertTrue(piece["ended"])
        text = admin.get(f"/runs/{run}/log?format=text").body.decode()
        self.assertEqual(text.splitlines(), piece["lines"])
        raw = admin.get(f"/runs/{run}/log?format=raw&follow=true").body
        self.assertEqual(len(raw), piece["total_bytes"])

    def test_lists_come_in_pages(self):
        self.add_remote()
        for i in range(5):
            self.add_job(f"job{i}")
        names, cursor = [], ""
        while cursor is not None:
            page = self.admin.get(f"/jobs?limit=2{cursor and '&cursor=' + cursor}")
            names += [job["name"] for job in page["jobs"]]
            cursor = page["next_cursor"]
        self.assertEqual(names, [f"job{i}" for i in range(5)])
        self.assertEqual([j["name"] for j in self.admin.get("/jobs?name=b3")["jobs"]], ["job3"])
        self.admin.get("/runs?limit=501", expect=400)
        problem = self.admin.get("/runs?lmit=5", expect=400)
        self.assertIn("did you mean limit", problem["detail"])

    def test_a_change_can_depend_on_what_was_seen(self):
        self.add_remote()
        self.add_job()
        seen = self.admin.raw("GET", "/api/v1/jobs/photos").headers["ETag"]
        self.admin.ask("PATCH", "/jobs/photos", {"priority": 3}, headers={"If-Match": seen})
        problem = self.admin.ask("PATCH", "/jobs/photos", {"priority": 4}, expect=412,
                                 headers={"If-Match": seen})
        self.assertEqual(problem["code"], "precondition_failed")
        self.assertEqual(self.admin.get("/jobs/photos")["job"]["priority"], 3)

    def test_the_same_key_gives_the_same_run(self):
        self.add_remote()
        self.add_job()
        first, second = (self.admin.post("/jobs/photos/runs", {"dry_run": True}, expect=202,
                                         headers={"Idempotency-Key": "k1"}) for _ in range(2))
        self.assertEqual(first, second)
        self.wait_for(first["run"])

    def test_wrong_requests_say_what_is_wrong(self):
        admin = self.admin
        problem = admin.post("/jobs", {"name": "x", "client": "default", "options": {"transfers": -1}},
                             expect=400)
        self.assertEqual(problem["field"], "options.transfers")
        self.assertEqual(admin.get("/jobs/nope", expect=404)["code"], "not_found")
        self.assertEqual(admin.post("/clients", {"name": "default"}, expect=409)["code"], "conflict")
        answer = admin.raw("POST", "/api/v1/clients", "{}", {"Content-Type": "text/plain"})
        self.assertEqual(answer.status, 415)
        answer = admin.raw("PUT", "/api/v1/clients")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, POST"))
        self.assertEqual(admin.raw("GET", "/api/v1/nothing").json["code"], "not_found")

    def test_settings_of_a_remote_cannot_be_read_back(self):
        secret = "hunter2-hunter2"
        self.admin.post("/remotes", {"name": "nas", "type": "sftp",
                                     "settings": {"host": "127.0.0.1", "user": "u", "pass": secret}},
                        expect=201)
        before = self.admin.get("/clients/default/remotes/nas")
        self.admin.ask("PATCH", "/clients/default/remotes/nas", {"set": {"user": "v"}})
        self.assertEqual(self.admin.get("/clients/default/remotes/nas")["version"],
                         before["version"] + 1)
        self.assertNotIn(secret, self.stack.log("notifier") + self.stack.log("drayd"))
        for path in (self.stack.dir / "data").rglob("dray.db*"):
            self.assertNotIn(secret.encode(), path.read_bytes())

    def test_a_file_is_handed_in(self):
        self.add_remote()
        self.admin.post("/jobs", {"name": "in", "kind": "upload", "encryption": False,
                                  "destination": f"disk:{self.stack.dir}/files/in"}, expect=201)
        content = bytes(range(256)) * 4096 * 5
        body, headers = api.multipart({"job": "in"}, "report.bin", content)
        answer = self.admin.raw("POST", "/api/v1/uploads", body, headers)
        self.assertEqual(answer.status, 202, answer.body)
        self.admin.check("POST", "/api/v1/uploads", answer)
        self.assertEqual(answer.json["sha256"], hashlib.sha256(content).hexdigest())
        self.wait_for(answer.json["run"])
        receipt = self.admin.get(f"/receipts?run={answer.json['run']}")["receipts"][0]
        self.assertEqual(receipt["size"], len(content))
        self.assertEqual((self.stack.dir / "files/in/current/report.bin").read_bytes(), content)

    def test_an_upload_that_breaks_off_leaves_nothing(self):
        self.add_remote()
        self.admin.post("/jobs", {"name": "in", "kind": "upload", "encryption": False,
                                  "destination": f"disk:{self.stack.dir}/files/in"}, expect=201)
        body, headers = api.multipart({"job": "in"}, "half.bin", b"x" * 3_000_000)
        with socket.create_connection((self.admin.address.hostname, self.admin.address.port)) as s:
            head = "".join(f"{k}: {v}\r\n" for k, v in {**self.admin.headers, **headers}.items())
            s.sendall(f"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\n{head}"
                      f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:1_500_000])
            self.stack.wait_until(lambda: self.admin.get("/runs?job=in")["runs"], "the run")
        run = self.admin.get("/runs?job=in")["runs"][0]["run"]
        self.wait_for(run, states=("cancelled",))
        self.assertFalse((self.stack.dir / "files/in/current/half.bin").exists())

    def test_exports_are_safe_for_spreadsheets(self):
        self.add_remote()
        self.add_job()
        run = self.admin.post("/jobs/photos/runs", {}, expect=202)["run"]
        self.wait_for(run)
        self.admin.post("/runs/cancel", {"runs": [run], "reason": "=cmd|'/c calc'!A1"}, expect=202)
        second = self.admin.post("/jobs/photos/runs", {}, expect=202)["run"]
        self.admin.post(f"/runs/{second}/cancel", {"reason": "=cmd|'/c calc'!A1"}, expect=202)
        self.wait_for(second, states=("cancelled", "succeeded"))
        text = self.admin.get("/export/runs").body.decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual({row["run"] for row in rows}, {str(run), str(second)})
        for row in rows:
            for cell in row.values():
                self.assertNotRegex(cell, r"^[=+@\t]")
        lines = self.admin.get("/export/events?format=jsonl").body.decode().splitlines()
        self.assertEqual([json.loads(l)["sequence"] for l in lines], list(range(1, len(lines) + 1)))


class TestWhoMayWhat(ApiTest):
    def set_up(self):
        super().set_up()
        for client in ("acme", "bolt"):
            self.admin.post("/clients", {"name": client}, expect=201)
            self.add_remote(client)
            self.add_job(f"{client}-job", client)
        self.acme = api.Client(self.address, api.token(self.stack, "acme", "operate", "acme"))

    def test_two_clients_do_not_see_each_other(self):
        runs = {client: self.admin.post(f"/jobs/{client}-job/runs", {}, expect=202)["run"]
                for client in ("acme", "bolt")}
        for run in runs.values():
            self.wait_for(run)
        acme, theirs = self.acme, runs["bolt"]
        self.assertEqual([c["name"] for c in acme.get("/clients")["clients"]], ["acme"])
        self.assertEqual([r["client"] for r in acme.get("/remotes")["remotes"]], ["acme"])
        self.assertEqual([j["name"] for j in acme.get("/jobs")["jobs"]], ["acme-job"])
        self.assertEqual([r["run"] for r in acme.get("/runs")["runs"]], [runs["acme"]])
        self.assertEqual(acme.get("/jobs?client=bolt")["jobs"], [])
        self.assertEqual(acme.get("/runs?client=bolt")["runs"], [])
        self.assertEqual({e["client"] for e in acme.get("/events?limit=500")["events"]}, {"acme"})
        for method, path, body in [
                ("GET", f"/runs/{theirs}", None), ("GET", f"/runs/{theirs}/why", None),
                ("GET", f"/runs/{theirs}/log", None), ("POST", f"/runs/{theirs}/cancel", {}),
                ("POST", f"/runs/{theirs}/retry", {}), ("POST", f"/runs/{theirs}/pause", {}),
                ("GET", "/jobs/bolt-job", None), ("DELETE", "/jobs/bolt-job", None),
                ("PATCH", "/jobs/bolt-job", {"priority": 1}), ("POST", "/jobs/bolt-job/runs", {}),
                ("GET", "/jobs/bolt-job/versions", None), ("GET", "/clients/bolt", None),
                ("GET", "/clients/bolt/remotes/disk", None), ("POST", "/clients/bolt/pause", {}),
                ("POST", "/runs/cancel", {"job": "bolt-job"}),
                ("POST", "/runs/cancel", {"client": "bolt"}),
                ("POST", "/runs/cancel", {"runs": [theirs]})]:
            with self.subTest(f"{method} {path} {body}"):
                problem = acme.ask(method, path, body, expect=404)
                self.assertNotIn("bolt'", problem["detail"].replace("job 'bolt", "")
                                 .replace("client 'bolt'", ""))
        everything = json.dumps([acme.get(p) for p in ("/status", "/bandwidth", "/queue", "/receipts",
                                                       "/events?limit=500", "/runs", "/jobs")])
        everything += acme.get("/export/runs").body.decode() + acme.get("/export/events").body.decode()
        self.assertNotIn("bolt", everything)

    def test_cancelling_all_means_all_of_the_own_client(self):
        for client in ("acme", "bolt"):
            self.admin.post(f"/jobs/{client}-job/pause", {})
        runs = {client: self.admin.post(f"/jobs/{client}-job/runs", {}, expect=202)["run"]
                for client in ("acme", "bolt")}
        rows = self.acme.post("/runs/cancel", {"all": True, "reason": "enough"}, expect=202)["runs"]
        self.assertEqual([row["run"] for row in rows], [runs["acme"]])
        self.assertEqual(self.admin.get(f"/runs/{runs['bolt']}")["run"]["state"], "queued")

    def test_scopes_and_operators_of_the_whole(self):
        reader = api.Client(self.address, api.token(self.stack, "r", "read"))
        reader.post("/jobs/acme-job/runs", {}, expect=403)
        reader.get("/users", expect=403)
        for method, path in (("GET", "/workers"), ("GET", "/settings"), ("GET", "/system/check")):
            self.acme.ask(method, path, expect=403)
        self.acme.post("/tokens", {"name": "x", "scope": "admin"}, expect=403)
        api.Client(self.address).get("/status", expect=401)
        api.Client(self.address, "dray_wrong").get("/status", expect=401)

    def test_what_is_revoked_or_over_is_refused_at_once(self):
        made = self.admin.post("/tokens", {"name": "short", "scope": "read"}, expect=201)
        client = api.Client(self.address, made["secret"])
        client.get("/status")
        self.admin.ask("DELETE", f"/tokens/{made['token']['id']}", expect=204)
        client.get("/status", expect=401)

    def test_the_database_holds_no_usable_token(self):
        secret = api.token(self.stack, "probe", "admin")
        self.admin.get("/status")
        for path in (self.stack.dir / "data").rglob("dray.db*"):
            content = path.read_bytes()
            self.assertNotIn(secret.encode(), content)
            self.assertNotIn(secret.split("_")[2][:64].encode(), content)


class TestPeople(ApiTest):
    def first_user(self):
        link = (self.stack.dir / "data/notifier/setup-link")
        self.stack.wait_until(link.exists, "the setup link")
        token = link.read_text().strip().split("#")[1]
        person = api.Client(self.address)
        answer = person.raw("POST", "/api/v1/setup",
                            json.dumps({"token": token, "name": "ann", "password": PASSWORD}),
                            {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, answer.body)
        person.take_session(answer)
        return person, token

    def test_the_first_user_is_made_with_a_link_that_works_once(self):
        person, token = self.first_user()
        self.assertEqual(person.get("/me")["scope"], "admin")
        self.assertFalse(person.get("/version")["setup_needed"])
        again = {"token": token, "name": "eve", "password": PASSWORD}
        api.Client(self.address).post("/setup", again, expect=401)
        self.assertNotIn(PASSWORD, self.stack.log("notifier"))

    def test_forged_requests_of_other_pages_are_refused(self):
        person, _ = self.first_user()
        csrf = person.headers.pop("X-Dray-Csrf")
        self.assertEqual(person.post("/clients", {"name": "x"}, expect=403)["code"], "csrf")
        person.headers["X-Dray-Csrf"] = csrf
        person.post("/clients", {"name": "x"}, expect=403, headers={"Origin": "http://evil.test"})
        person.post("/clients", {"name": "x"}, expect=201)
        for authorised in (person, self.admin):
            answer = authorised.raw("GET", "/api/v1/status", headers={"Host": "evil.test"})
            self.assertEqual(answer.status, 421)
        answer = api.Client(self.address).raw(
            "POST", "/api/v1/login", json.dumps({"name": "ann", "password": PASSWORD}),
            {"Content-Type": "application/json", "Origin": "http://evil.test"})
        self.assertEqual(answer.status, 403)

    def test_sessions_end_with_the_logout_and_with_a_new_password(self):
        self.first_user()
        first, second = api.Client(self.address), api.Client(self.address)
        first.login("ann", PASSWORD)
        second.login("ann", PASSWORD)
        first.ask("POST", "/logout", expect=204)
        first.get("/me", expect=401)
        answer = second.raw("POST", "/api/v1/me/password", json.dumps(
            {"old_password": PASSWORD, "new_password": PASSWORD + "!"}),
            {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 204, answer.body)
        second.get("/me", expect=401)
        first.login("ann", PASSWORD, expect=401)
        first.login("ann", PASSWORD + "!")

    def test_guessing_is_slowed_down(self):
        self.first_user()
        wrong = api.Client(self.address)
        for _ in range(20):
            wrong.login("ann", "wrong password", expect=401)
        wrong.login("ann", PASSWORD, expect=429)
        self.assertEqual(wrong.raw("GET", "/healthz").status, 200)
        api.Client(self.address, "dray_" + "0" * 12 + "_" + "0" * 72).get("/status", expect=429)
        self.admin.get("/status")  # whoever is known goes on

    def test_what_people_change_is_written_down(self):
        person, _ = self.first_user()
        person.post("/clients", {"name": "acme"}, expect=201)
        entries = person.get("/audit")["entries"]
        change = next(e for e in entries if e["verb"] == "client.put")
        self.assertEqual((change["asked_by"], change["address"], change["target"]),
                         ("ann", "127.0.0.1", "acme"))
        self.assertNotIn("password\":\"$argon2", json.dumps(entries))


class TestHostileConnections(ApiTest):
    def talk(self, *pieces):
        """What comes back for these bytes, until the other side closes."""
        with socket.create_connection((self.admin.address.hostname, self.admin.address.port),
                                      timeout=30) as s:
            for piece in pieces:
                s.sendall(piece)
            answer = b""
            while data := s.recv(65536):
                answer += data
            return answer

    def test_smuggled_requests_are_refused_and_the_connection_closed(self):
        for head in ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                     "Content-Length: 4\r\nContent-Length: 5\r\n", "Host: b\r\n",
                     "X: a\r\n b\r\n", "X : a\r\n", "X: a\nY: b\r\n",
                     "Transfer-Encoding: gzip, chunked\r\n"):
            with self.subTest(head):
                answer = self.talk(f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
                self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer[:200])
        self.assertIn(b" 400 ", self.talk(b"GET /healthz HTTP/1.1\r\n\r\n"))
        self.assertIn(b" 431 ", self.talk(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " +
                                          b"a" * 20000 + b"\r\n\r\n"))
        self.assertIn(b" 414 ", self.talk(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost"
                                          b"\r\n\r\n"))

    def test_who_is_slow_is_cut_off(self):
        began = time.monotonic()
        self.assertEqual(self.talk(b"GET /healthz HTTP/1.1\r\nHost:"), b"")
        self.assertLess(time.monotonic() - began, 25)

    def test_a_body_that_is_too_large_is_refused(self):
        token = self.admin.headers["Authorization"]
        answer = self.talk(f"POST /api/v1/clients HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                           f"{token}\r\nContent-Type: application/json\r\n"
                           f"Content-Length: 2000000\r\n\r\n".encode())
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:200])

    def test_health_readiness_and_metrics(self):
        self.assertEqual(self.admin.raw("GET", "/healthz").status, 200)
        self.stack.wait_until(lambda: self.admin.raw("GET", "/readyz").status == 200, "readiness")
        self.assertEqual(api.Client(self.address).raw("GET", "/metrics").status, 401)
        text = self.admin.raw("GET", "/metrics").body.decode()
        self.assertIn("# TYPE dray_http_requests_total counter", text)
        self.assertIn("dray_jobs 0", text)
        self.stack.kill("drayd")
        self.stack.wait_until(lambda: self.admin.raw("GET", "/readyz").status == 503, "unreadiness")


class TestContract(ApiTest):
    def test_every_route_is_in_the_contract_and_the_other_way_round(self):
        served = api.yaml.safe_load(self.admin.get("/openapi.yaml").body)
        self.assertEqual(served, api.CONTRACT)
        for path, item in api.CONTRACT["paths"].items():
            for method in ("get", "post", "put", "patch", "delete"):
                concrete = "/api/v1" + api.re.sub(r"\{\w+\}", "1", path)
                answer = self.admin.raw(method.upper(), concrete)
                with self.subTest(f"{method} {path}"):
                    if method in item:
                        self.assertNotEqual(answer.status, 405)
                        if answer.status == 404:
                            self.assertNotEqual(answer.json["detail"],
                                                "there is nothing at this address")
                    else:
                        self.assertEqual(answer.status, 405)

    def test_every_route_refuses_strangers(self):
        for path, item in api.CONTRACT["paths"].items():
            for method, operation in item.items():
                if method == "parameters" or operation["x-scope"] == "none":
                    continue
                concrete = "/api/v1" + api.re.sub(r"\{\w+\}", "1", path)
                with self.subTest(f"{method} {path}"):
                    stranger = api.Client(self.address).raw(method.upper(), concrete)
                    self.assertEqual(stranger.status, 401)


if __name__ == "__main__":
    main()
