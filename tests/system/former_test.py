"""The addresses of the former product, as its page asks them, with the answers that docs/API.md promises; and what
people see who come with a browser."""

import json
import re
import socket

import api
from api_test import ApiTest
from harness import SOURCE_DIR, main

JOB = {"job_id", "phase", "file", "progress", "message"}
PERF = {"job_id", "phase", "bytes", "files", "bytes_per_second", "elapsed_ms", "errors"}
CONNECTION = {"connection", "client", "user", "address", "tls", "uptime_seconds", "requests", "bytes_in",
              "bytes_out", "last_read", "last_write", "read_idle_seconds", "write_idle_seconds", "errors",
              "last_error", "partial_clears"}


class FormerTest(ApiTest):
    def look(self, path, expect=200, client=None):
        answer = (client or self.admin).raw("GET", path)
        self.assertEqual(answer.status, expect, answer.body)
        return answer.json

    def do(self, path, body=None, expect=200):
        answer = self.admin.raw("POST", path, json.dumps(body or {}), {"Content-Type": "application/json"})
        self.assertEqual(answer.status, expect, answer.body)
        return answer.json

    def waiting_run(self):
        """One that stays until somebody cancels it."""
        self.admin.post("/queue/pause", {})
        self.add_remote()
        self.add_job()
        return str(self.admin.post("/jobs/photos/runs", {}, expect=202)["run"])


class TestLooking(FormerTest):
    def test_every_promised_address_is_there(self):
        promised = re.findall(r"`(GET|POST) (/[^`]*)`((?:, `[^`]*`)*)",
                              (SOURCE_DIR / "docs/API.md").read_text().split("former product")[1])
        self.assertGreater(len(promised), 12)
        for method, path, others in promised:
            for one in [path, *re.findall(r"`(/[^`]*)`", others)]:
                with self.subTest(f"{method} {one}"):
                    answer = self.admin.raw(method, re.sub(r"<\w+>", "1", one))
                    self.assertNotIn(answer.status, (405, 500))
                    self.assertNotIn(b"nothing at this address", answer.body)

    def test_state_of_the_whole(self):
        for path in ("/health", "/api/health"):
            self.assertEqual(self.look(path, client=api.Client(self.address))["status"], "healthy")
        config = self.look("/progress_config.json", client=api.Client(self.address))
        self.assertEqual(set(config), {"steps", "phases", "commands"})
        run = self.waiting_run()
        for path in ("/api/status", "/api/monitor_status"):
            status = self.look(path)
            self.assertEqual((status["connected"], status["backing_up"]), (True, True))
            self.assertEqual([(job["job_id"], set(job)) for job in status["jobs"]], [(run, JOB)])
        self.assertEqual([job["job_id"] for job in self.look("/api/cancelable_jobs")], [run])
        self.assertEqual(set(self.look("/api/perf")["jobs"][0]), PERF)
        self.assertEqual(set(self.look(f"/api/perf/{run}")), PERF)
        self.look("/api/perf/999", expect=404)
        self.assertEqual(set(self.look("/api/server_info")), {"name", "version", "connected", "uploads"})

    def test_files_that_were_received(self):
        self.add_remote()
        self.admin.post("/jobs", {"name": "in", "kind": "upload", "encryption": False,
                                  "destination": f"disk:{self.stack.dir}/files/in"}, expect=201)
        body, headers = api.multipart({"job": "in"}, "report.pdf", b"x" * 100_000)
        answer = self.admin.raw("POST", "/api/start_backup", body, headers)
        self.assertEqual(answer.status, 202, answer.body)
        self.assertFalse(self.look("/api/check_receipt/nothing.pdf")["received"])
        receipt = self.stack.wait_until(
            lambda: self.look("/api/check_receipt/report.pdf").get("receipt"), "the receipt")
        self.assertEqual((receipt["filename"], receipt["size"], receipt["job_id"]),
                         ("report.pdf", 100_000, str(answer.json["run"])))
        self.assertEqual(self.look("/api/received_files")["files"], [receipt])

    def test_connections_say_how_they_are(self):
        with socket.create_connection((self.admin.address.hostname, self.admin.address.port)) as s:
            asked = b"GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
            s.sendall(asked)
            while b"request_id" not in (answer := s.recv(65536)):
                pass
            health = self.look("/api/server/connection_health")
            mine, ours = health["connections"]
            self.assertEqual(health["count"], 2)
            self.assertEqual(set(mine), CONNECTION)
            self.assertEqual((mine["bytes_in"], mine["bytes_out"]), (len(asked), len(answer)))
            self.assertEqual((mine["requests"], mine["errors"], mine["user"]), (1, 1, ""))
            self.assertEqual(mine["last_error"], "404 Not Found: GET /api/v1/nothing")
            self.assertGreaterEqual(mine["uptime_seconds"], mine["read_idle_seconds"])
            self.assertEqual((ours["user"], ours["errors"], ours["last_write"]), ("admin", 0, None))

    def test_who_reads_slowly_is_seen_to(self):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect((self.admin.address.hostname, self.admin.address.port))
            s.sendall(b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60)
            self.stack.wait_until(lambda: self.look("/api/server/connection_health")["connections"][0]
                                  ["partial_clears"] > 0, "a write that the kernel took in parts")


class TestDoing(FormerTest):
    def test_one_run_is_cancelled_with_a_reason(self):
        run = self.waiting_run()
        self.assertEqual(self.do(f"/api/cancel/{run}", {"reason": "wrong folder"}),
                         {"success": True, "phase": "cancelled"})
        shown = self.admin.get(f"/runs/{run}")["run"]
        self.assertEqual((shown["cancel_reason"], shown["cancel_by"]), ("wrong folder", "admin"))
        self.assertFalse(self.do("/api/cancel/999999")["success"])

    def test_all_runs_are_cancelled(self):
        run = self.waiting_run()
        self.assertEqual(self.do("/api/cancel_all", {"reason": "enough"}),
                         {"success": True, "results": {run: True}})
        self.assertEqual(self.do("/api/stop"), {"success": True, "results": {}})

    def test_runs_are_paused_and_go_on(self):
        run = self.waiting_run()
        self.assertEqual(self.do("/api/pause"), {"success": True})
        self.assertEqual(self.admin.get(f"/runs/{run}")["run"]["state"], "paused")
        self.assertEqual(self.do("/api/resume"), {"success": True})
        self.assertEqual(self.admin.get(f"/runs/{run}")["run"]["state"], "queued")

    def test_the_page_only_learns_whether_there_is_a_connection(self):
        for path in ("/api/connect", "/api/disconnect"):
            self.assertEqual(self.do(path, {"host": "x", "port": 1}), {"success": True, "connected": True})


class TestAPersonWithABrowser(ApiTest):
    options = {"notifier": 'web_dir = "/nonexistent"\n'}

    def test_without_a_page_the_first_address_says_so(self):
        answer = api.Client(self.address).raw("GET", "/")
        self.assertEqual((answer.status, answer.type), (404, "text/plain"))
        self.assertIn("its web page is not installed", answer.body.decode())
        self.assertIn("notifier.web_dir", answer.body.decode())


if __name__ == "__main__":
    main()
