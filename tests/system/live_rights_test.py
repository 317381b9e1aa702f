"""Who hears what over live connections, how many there may be, and when they end; and the WebSocket of the
former product."""

import json
import queue
import subprocess
import threading

import api
from api_test import PASSWORD
from harness import SLOWNESS, SOURCE_DIR, main
from live import Closed, EventSource, WebSocket
from live_test import LiveTest, sequences
from servers import die_with_parent


class TestWhoMaySee(LiveTest):
    def set_up(self):
        super().set_up()
        self.tokens = {}
        for client in ("acme", "bolt"):
            self.admin.post("/clients", {"name": client}, expect=201)
            self.add_remote(client)
            self.slow_job(f"{client}-job", client)
            self.tokens[client] = api.token(self.stack, client, "read", client)

    def test_two_clients_hear_nothing_of_each_other(self):
        own = {client: self.connect(token=token) for client, token in self.tokens.items()}
        prying = self.connect("/api/v1/events?client=bolt", token=self.tokens["acme"])
        whole = self.connect("/api/v1/events?client=acme")
        runs = {client: self.start(f"{client}-job") for client in own}
        heard = {}
        for client, stream in own.items():
            heard[client] = stream.until_message(lambda m: m["type"] == "progress")
        for run in runs.values():
            self.cancel(run)
        for client, stream in own.items():
            heard[client] += stream.until_event("run.finished", runs[client])
            for message in heard[client][1:]:
                about = message.get("event", message)
                if message["type"] != "heartbeat":
                    self.assertEqual(about["client"], client, message)
            self.assertEqual([run["job"] for run in heard[client][0]["status"]["running"]], [])
        self.assertEqual(sequences(whole.until_event("run.finished")), sequences(heard["acme"]))
        prying.send(type="ping")
        told = prying.until_message(lambda m: m["type"] == "pong")
        self.assertEqual({m["type"] for m in told} - {"heartbeat"}, {"snapshot", "pong"})

    def test_a_revoked_token_ends_its_connections_and_no_other(self):
        other = self.connect()
        other.message()
        sockets = [self.connect(token=self.tokens["acme"]) for _ in range(2)]
        events = self.connect(token=self.tokens["acme"], kind=EventSource)
        for stream in (*sockets, events):
            stream.message()
        shown = next(t for t in self.admin.get("/tokens")["tokens"] if t["name"] == "acme")
        self.admin.ask("DELETE", f"/tokens/{shown['id']}", expect=204)
        for stream in (*sockets, events):
            problem = stream.until_message(lambda m: m["type"] == "error", 5)[-1]["problem"]
            self.assertEqual((problem["status"], problem["code"]), (401, "unauthenticated"))
            with self.assertRaises(Closed) as closed:
                stream.message()
            self.assertEqual(closed.exception.args[0], 1008 if stream in sockets else None)
        other.send(type="ping")
        other.until_message(lambda m: m["type"] == "pong")

    def test_strangers_and_other_pages_get_no_connection(self):
        link = self.stack.dir / "data/notifier/setup-link"
        self.stack.wait_until(link.exists, "the setup link")
        person = api.Client(self.address)
        secret = link.read_text().strip().split("#")[1]
        answer = person.raw("POST", "/api/v1/setup",
                            json.dumps({"token": secret, "name": "ann", "password": PASSWORD}),
                            {"Content-Type": "application/json"})
        person.take_session(answer)
        def status(**headers):
            stream = WebSocket(self.address, headers=headers)
            self.addCleanup(stream.close)
            return stream.status
        own = {"Cookie": person.cookie, "Origin": self.address}
        self.assertEqual(status(), 401)
        self.assertEqual(status(Authorization="Bearer dray_wrong"), 401)
        self.assertEqual(status(**{**own, "Origin": "http://evil.test"}), 403)
        self.assertEqual(status(Cookie=person.cookie), 403)
        self.assertEqual(status(**{**own, "Host": "evil.test"}), 421)
        self.assertEqual(status(**own), 101)
        # The end of the session is the end of what it opened.
        stream = WebSocket(self.address, headers=own)
        self.addCleanup(stream.close)
        stream.message()
        person.post("/logout", expect=204)
        self.assertEqual(stream.until_message(lambda m: m["type"] == "error", 5)[-1]
                         ["problem"]["status"], 401)

    def test_one_address_has_so_many_connections_and_no_more(self):
        self.configure('trusted_proxies = ["127.0.0.1"]\nmax_connections_per_address = 4')
        opened = [self.connect(headers={"X-Forwarded-For": "192.0.2.1"}).status for _ in range(5)]
        self.assertEqual(opened, [101] * 4 + [503])
        self.assertEqual(self.connect(headers={"X-Forwarded-For": "192.0.2.2"}).status, 101)


class TestFormerProduct(LiveTest):
    def add_inbox(self):
        self.admin.post("/jobs", {"name": "in", "kind": "upload", "encryption": False,
                                  "destination": f"disk:{self.stack.dir}/files/in"}, expect=201)

    def hand_in(self):
        body, headers = api.multipart({"job": "in"}, "report.bin", b"x" * 100_000)
        answer = self.admin.raw("POST", "/api/start_backup", body, headers)
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["run"]

    def test_its_socket_says_what_it_said(self):
        self.slow_job()
        self.add_inbox()
        stream = self.connect("/ws")
        status = stream.until_message(lambda m: m["type"] == "status")[-1]
        self.assertEqual((status["connected"], status["backing_up"], status["jobs"]), (True, False, []))
        run = self.start("slow")
        progress = stream.until_message(
            lambda m: m["type"] == "progress" and m["phase"] == "transferring")[-1]
        self.assertEqual(set(progress), {"type", "jobId", "phase", "percent", "etaMs"})
        self.assertEqual(progress["jobId"], str(run))
        stream.send(type="request_status")
        status = stream.until_message(lambda m: m["type"] == "status" and m["jobs"])[-1]
        self.assertEqual(status["jobs"][0]["job_id"], str(run))
        stream.send(type="ping")
        stream.until_message(lambda m: m["type"] == "pong")
        self.admin.raw("POST", f"/api/cancel/{run}", '{"reason": "wrong folder"}',
                       {"Content-Type": "application/json"})
        told = stream.until_message(lambda m: m["type"] == "jobCancelled")[-1]
        self.assertEqual(told, {"type": "jobCancelled", "jobId": str(run), "phase": "cancelled",
                                "reason": "wrong folder"})
        stored = self.hand_in()
        receipt = stream.until_message(lambda m: m["type"] == "fileReceipt")[-1]
        shown = self.admin.raw("GET", "/api/check_receipt/report.bin").json["receipt"]
        self.assertEqual(receipt, {"type": "fileReceipt", **shown})
        self.assertEqual(receipt["job_id"], str(stored))

    def test_a_cancel_of_all_is_one_message(self):
        for name in ("one", "two"):
            self.slow_job(name)
        stream = self.connect("/ws")
        runs = [self.start(name) for name in ("one", "two")]
        self.admin.raw("POST", "/api/cancel_all", '{"reason": "power cut"}',
                       {"Content-Type": "application/json"})
        told = stream.until_message(lambda m: m["type"] == "jobsCancelled")[-1]
        self.assertEqual(told, {"type": "jobsCancelled", "reason": "power cut",
                                "results": {str(run): True for run in runs}})

    def test_its_adapter_connects_hears_emits_and_comes_back(self):
        self.slow_job()
        node = Node(self, api.address_of(self.stack), self.token)
        node.wait("connect")
        self.assertFalse(node.wait("status")["backing_up"])
        run = self.start("slow")
        self.assertEqual(node.wait("progress")["jobId"], str(run))
        node.emit("ping")
        node.wait("pong")
        self.cancel(run)
        self.assertEqual(node.wait("jobCancelled")["reason"], "enough")
        node.emit("request_status")
        node.wait("status")
        # The server comes back at its address, and so does the page.
        port = api.Client(api.address_of(self.stack)).address.port
        path = self.stack.config("notifier")
        path.write_text(path.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))
        self.stack.restart("notifier")
        node.wait("disconnect")
        node.wait("connect")
        node.wait("status")


class Node:
    """ws_adapter.js in node."""

    def __init__(self, test, address, token):
        script = test.stack.dir / "ws_adapter.mjs"
        script.write_bytes(api.Client(address).raw("GET", "/ws_adapter.js").body)
        self.process = subprocess.Popen(
            ["node", "--no-warnings", "--experimental-websocket",
             str(SOURCE_DIR / "tests/system/ws_adapter_check.mjs"),
             str(script), address, token],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self.lines = queue.Queue()
        reader = threading.Thread(target=lambda: [self.lines.put(json.loads(line))
                                                  for line in self.process.stdout])
        reader.start()
        def end():
            self.process.kill()
            reader.join()
            self.process.communicate()
        test.addCleanup(end)

    def emit(self, event):
        self.process.stdin.write(event + "\n")
        self.process.stdin.flush()
        assert self.wait("emitted"), f"{event} was not sent"

    def wait(self, event):
        while True:
            heard = self.lines.get(timeout=60 * SLOWNESS)
            if heard["event"] == event:
                return heard.get("data")


if __name__ == "__main__":
    main()
