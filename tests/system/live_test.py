"""What happens, as it happens: WebSocket, Server-Sent Events, polling and the WebSocket of the former
product, on the built programs and the real rclone."""

import json
import pathlib
import re
import shutil
import signal
import subprocess

import api
from api_test import ApiTest
from harness import SLOWNESS, main
from live import PING, PONG, Closed, EventSource, WebSocket

LIVE_MESSAGE = api.CONTRACT["components"]["schemas"]["LiveMessage"]


def events_of(messages):
    return [m["event"] for m in messages if m["type"] == "event"]


def sequences(messages):
    return [event["sequence"] for event in events_of(messages)]


class LiveTest(ApiTest):
    def set_up(self):
        super().set_up()
        self.token = self.admin.headers["Authorization"].split()[1]
        self.add_remote()

    def connect(self, path="/api/v1/events", token=None, kind=WebSocket, **options):
        stream = kind(api.address_of(self.stack), path, token=token or self.token, **options)
        self.addCleanup(stream.close)
        return stream

    def slow_job(self, name="slow", client="default"):
        """A job whose run lasts until it is cancelled, and shows progress all the while."""
        self.add_job(name, client, bandwidth_kbps=64)
        (self.files / f"{name}-from" / "large.bin").write_bytes(b"x" * 50_000_000)

    def start(self, job):
        return self.admin.post(f"/jobs/{job}/runs", {}, expect=202)["run"]

    def cancel(self, run, reason="enough"):
        self.admin.post(f"/runs/{run}/cancel", {"reason": reason}, expect=202)

    def pause_job(self, reason, job="photos"):
        self.admin.post(f"/jobs/{job}/pause", {"reason": reason})

    def configure(self, lines):
        """Starts the notifier anew with these lines in its section."""
        self.stack.kill("notifier")
        path = self.stack.config("notifier")
        path.write_text(path.read_text().replace("[notifier]", f"[notifier]\n{lines}"))
        self.stack.start("notifier")

    def journal(self, since=0):
        """All events, page by page."""
        events = []
        while page := self.admin.get(f"/events?since={since}&limit=500")["events"]:
            events += page
            since = page[-1]["sequence"]
        return events

    def rss_kib(self, name="notifier"):
        status = pathlib.Path(f"/proc/{self.stack.processes[name].pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


class TestStreams(LiveTest):
    def test_a_stream_begins_with_a_snapshot_and_follows_a_run_to_its_end(self):
        self.slow_job()
        stream = self.connect()
        snapshot = stream.message()
        self.assertEqual(snapshot["type"], "snapshot")
        self.assertEqual(snapshot["status"]["counts"]["jobs"], 1)
        run = self.start("slow")
        heard = [snapshot, *stream.until_message(
            lambda m: m["type"] == "progress" and m["progress"]["bytes_done"] > 0)]
        picture = heard[-1]
        self.assertEqual((picture["run"], picture["job"], picture["client"]), (run, "slow", "default"))
        # Who comes now sees the picture at once.
        late = self.connect("/api/v1/events?topics=run.progress")
        self.assertEqual(late.message()["type"], "snapshot")
        self.assertEqual(late.message()["run"], run)
        self.cancel(run)
        heard += stream.until_event("run.finished", run)
        for message in heard:
            api.check_schema(LIVE_MESSAGE, message)
        numbers = sequences(heard)
        self.assertEqual(numbers, list(range(snapshot["sequence"] + 1, numbers[-1] + 1)))
        # Asking gives the same.
        self.assertEqual(events_of(heard), self.journal(snapshot["sequence"])[:len(numbers)])
        # The picture has ended with the run.
        after = self.connect()
        after.send(type="ping")
        self.assertNotIn("progress", [m["type"] for m in
                                      after.until_message(lambda m: m["type"] == "pong")])

    def test_nothing_is_missed_or_told_twice_when_the_notifier_is_killed(self):
        self.add_job()
        stream = self.connect("/api/v1/events?since=0")
        run = self.start("photos")
        heard = stream.until_event("run.finished", run)
        self.stack.kill("notifier", signal.SIGKILL)
        with self.assertRaises((Closed, OSError)):
            while True:
                stream.message()
        away = self.stack.run("photos")
        self.stack.wait(away)
        self.stack.start("notifier")
        last = sequences(heard)[-1]
        for kind in (WebSocket, EventSource):
            resumed = self.connect(f"/api/v1/events?since={last}", kind=kind)
            missed = resumed.until_event("run.finished", away)
            self.assertEqual(missed[0]["sequence"], last)
            numbers = sequences(heard + missed)
            self.assertEqual(numbers, list(range(1, numbers[-1] + 1)))

    def test_a_far_past_is_read_from_the_journal(self):
        self.add_job()
        for number in range(600):
            self.pause_job(f"{number}")
            self.admin.post("/jobs/photos/resume")
        self.stack.restart("notifier")
        self.admin.address = api.Client(api.address_of(self.stack)).address
        end = self.admin.get("/events?limit=1")["last_sequence"]
        self.assertGreater(end, 1200)
        for path, first in (("/api/v1/events?since=0", 1), (f"/api/v1/events?since={end - 5}", end - 4)):
            stream = self.connect(path)
            heard = stream.until_message(lambda m: m["type"] == "event" and m["event"]["sequence"] == end)
            self.assertEqual(sequences(heard), list(range(first, end + 1)))

    def test_a_backup_that_is_put_in_place_makes_everybody_begin_anew(self):
        self.add_job()
        data = self.stack.dir / "data/scheduler"
        backup = self.stack.dir / "copy.db"
        self.stack.dray("system", "backup", backup)
        kept = self.admin.get("/events?limit=1")["last_sequence"]
        for number in range(20):
            self.pause_job(f"{number}")
        stream = self.connect()
        self.assertGreater(stream.message()["sequence"], kept)
        self.stack.kill("drayd", signal.SIGTERM)
        for name in ("dray.db", "dray.db-wal", "dray.db-shm"):
            (data / name).unlink(missing_ok=True)
        shutil.copy(backup, data / "dray.db")
        self.stack.start("drayd")
        resync = stream.until_message(lambda m: m["type"] == "resync")[-1]
        self.assertLessEqual(resync["sequence"], kept + 3)
        self.stack.wait_until(
            lambda: self.admin.raw("GET", "/api/v1/status").status == 200, "drayd to be there")
        self.pause_job("news")
        numbers = sequences(stream.until_message(
            lambda m: m["type"] == "event" and "news" in json.dumps(m["event"]["body"])))
        self.assertEqual(numbers, list(range(resync["sequence"] + 1, numbers[-1] + 1)))

    def test_who_knows_more_than_the_journal_begins_anew(self):
        stream = self.connect("/api/v1/events?since=1000000")
        heard = stream.until_message(lambda m: m["type"] == "resync")
        self.assertEqual([m["type"] for m in heard], ["snapshot", "resync"])
        self.add_job()
        kinds = {e["kind"] for e in events_of(stream.until_event("job.created"))}
        self.assertIn("job.created", kinds)

    def test_server_sent_events_resume_behind_the_last_that_was_seen(self):
        self.add_job()
        stream = self.connect(kind=EventSource)
        self.assertEqual(stream.headers["content-type"], "text/event-stream")
        first = stream.message()
        self.assertEqual(first["type"], "snapshot")
        heard = [first]
        run = self.start("photos")
        heard += stream.until_event("run.finished", run)
        stream.close()
        seen = stream.last_id
        self.assertEqual(int(seen), sequences(heard)[-1])
        second = self.start("photos")
        self.wait_for(second)
        # The header is stronger than the address, which a browser does not change.
        again = self.connect("/api/v1/events?since=0", kind=EventSource,
                             headers={"Last-Event-ID": seen})
        missed = again.until_event("run.finished", second)
        numbers = sequences(heard + missed)
        self.assertEqual(numbers, list(range(first["sequence"] + 1, numbers[-1] + 1)))

    def test_large_messages_are_compressed_for_those_who_can(self):
        for number in range(10):
            self.add_job(f"job{number}", schedule={"kind": "daily", "at": "03:00"})
        plain, packed = self.connect(), self.connect(deflate=True)
        self.assertIn("server_no_context_takeover", packed.headers["sec-websocket-extensions"])
        self.assertEqual(plain.message()["status"]["next"], packed.message()["status"]["next"])
        self.assertEqual((plain.deflated, packed.deflated), (0, 1))
        packed.send(type="ping")
        packed.until_message(lambda m: m["type"] == "pong")


class TestEncrypted(LiveTest):
    def test_streams_over_tls_tell_the_same(self):
        self.add_job()
        certificate, key = self.stack.dir / "tls.crt", self.stack.dir / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        for number in range(400):
            self.pause_job(f"{number} " + "x" * 900)
        events = self.journal()
        self.configure(f'tls_certificate = "{certificate}"\ntls_key = "{key}"')
        self.assertTrue(api.address_of(self.stack).startswith("https://"))
        for kind in (WebSocket, EventSource):
            stream = self.connect("/api/v1/events?since=0", kind=kind)
            heard = stream.until_message(
                lambda m: m["type"] == "event" and m["event"]["sequence"] == len(events))
            self.assertEqual(events_of(heard), events)
            self.stack.dray("pause", "--job", "photos", "--reason", "once more")
            events += events_of(stream.until_event("job.changed"))


class TestReaders(LiveTest):
    def test_one_that_never_reads_costs_nothing_and_keeps_nobody_waiting(self):
        self.add_job()
        good = self.connect()
        bad = self.connect(receive_buffer=4096)
        heard = [good.message()]
        before = self.rss_kib()
        changes, text = 600, "x" * 900
        for number in range(changes):
            self.pause_job(f"{number} {text}")
        end = self.admin.get("/events?limit=1")["last_sequence"]
        heard += good.until_message(lambda m: m["type"] == "event" and m["event"]["sequence"] == end)
        self.assertEqual(sequences(heard), list(range(heard[0]["sequence"] + 1, end + 1)))
        if SLOWNESS == 1:  # sanitizers keep what was freed
            self.assertLess(self.rss_kib() - before, 8 << 10)
        # It took next to nothing so far; now it reads, and nothing is missing.
        late = bad.until_message(lambda m: m["type"] == "event" and m["event"]["sequence"] == end)
        self.assertEqual(sequences(late), sequences(heard))

    def test_one_that_does_not_come_back_is_let_go(self):
        self.add_job()
        bad = self.connect(receive_buffer=4096)
        for number in range(600):
            self.pause_job(f"{number} " + "x" * 900)
        self.stack.wait_until(
            lambda: 'dray_live_ended_total{reason="slow"} 1' in
            self.admin.raw("GET", "/metrics").body.decode(), "the reader to be let go", 90)
        with self.assertRaises((Closed, ConnectionError)):
            while True:
                bad.message()

    def test_clients_that_break_the_rules_are_closed(self):
        def close_code(act, **options):
            stream = self.connect(**options)
            stream.message()
            with self.assertRaises(Closed) as closed:
                act(stream)
                while True:
                    stream.message()
            return closed.exception.args[0]
        self.assertEqual(close_code(lambda s: s.send_frame(2, b"binary")), 1003)
        self.assertEqual(close_code(lambda s: s.send_frame(1, b"\xff")), 1007)
        self.assertEqual(close_code(lambda s: s.send_frame(1, b"x" * 20_000)), 1009)
        self.assertEqual(close_code(lambda s: s.socket.sendall(b"\x81\x02hi")), 1002)
        self.assertEqual(close_code(lambda s: [s.send(type="ping") for _ in range(50)]), 1008)
        self.assertEqual(close_code(lambda s: s.send_frame(8, b"\x03\xe8")), 1000)

    def test_a_ping_is_answered_and_nonsense_is_told(self):
        stream = self.connect()
        stream.message()
        stream.send_frame(PING, b"hello")
        self.assertEqual(stream.frame(), (PONG, b"hello"))
        stream.send_frame(1, b"nonsense")
        problem = stream.message()
        api.check_schema(LIVE_MESSAGE, problem)
        self.assertEqual(problem["problem"]["code"], "invalid")

    def test_wrong_requests_are_told_what_is_wrong(self):
        for query in ("topics=rum", "since=x", "run=-1", "nothing=1"):
            self.assertEqual(self.connect(f"/api/v1/events?{query}").status, 400, query)
        self.admin.get("/events?topics=run", expect=400)
        self.assertEqual(self.connect(headers={"Sec-WebSocket-Version": "8"}).status, 426)
        self.assertEqual(self.connect(headers={"Sec-WebSocket-Key": "short"}).status, 400)


if __name__ == "__main__":
    main()
