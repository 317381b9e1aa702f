"""What notifications are sent to, as stand-ins that can be told to misbehave: a mail server and a web
server. Both listen on loopback, keep what they got, and wake up whoever waits for it."""

import asyncio
import email
import email.policy
import http.server
import pathlib
import ssl
import subprocess
import threading
import time

from aiosmtpd.smtp import SMTP, AuthResult

from servers import free_port


class Inbox:
    """Things that arrived, in order. Thread-safe."""

    def __init__(self):
        self.items, self.condition = [], threading.Condition()

    def put(self, item):
        with self.condition:
            self.items.append(item)
            self.condition.notify_all()

    def wait(self, count, deadline_s=30):
        """The first `count` items, once they are there."""
        end = time.monotonic() + deadline_s
        with self.condition:
            while len(self.items) < count:
                if not self.condition.wait(end - time.monotonic()):
                    raise AssertionError(f"{len(self.items)} of {count} arrived: {self.items}")
            return list(self.items)

    def all(self):
        with self.condition:
            return list(self.items)


class Scripted(SMTP):
    """A mail server that fails where it is told to."""

    def __init__(self, stub):
        super().__init__(stub, tls_context=stub.tls, require_starttls=bool(stub.tls),
                         auth_require_tls=bool(stub.tls), authenticator=stub.authenticate,
                         auth_required=bool(stub.login), hostname="stub", loop=stub.loop)
        self.stub = stub

    async def _handle_client(self):
        self.stub.connections.put(time.monotonic())
        if "greet-421" in self.stub.faults:
            await self.push("421 stub is too busy")
            self.transport.close()
        elif "greet-hang" in self.stub.faults:
            await asyncio.Event().wait()
        else:
            await super()._handle_client()


class MailServer:
    """`faults` holds words: greet-421, greet-hang, auth-535, rcpt-450, rcpt-550=ADDRESS, data-451,
    data-554, data-lost (keeps the message and cuts the connection before it says so)."""

    def __init__(self, folder=None, login=None):
        self.login, self.faults = login, set()
        self.inbox, self.connections = Inbox(), Inbox()
        self.tls = self.certificate = None
        if folder:
            self.certificate = make_certificate(folder)
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(self.certificate, pathlib.Path(folder) / "server.key")

    def __enter__(self):
        self.loop, self.port = asyncio.new_event_loop(), free_port()
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _close(self):
        self.listener.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        self.listener = self.loop.run_until_complete(
            self.loop.create_server(lambda: Scripted(self), "127.0.0.1", self.port))
        started.set()
        self.loop.run_forever()

    # ── aiosmtpd asks ────────────────────────────────────────────────────────────────────────
    def authenticate(self, server, session, envelope, mechanism, data):
        good = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=good and "auth-535" not in self.faults, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "rcpt-450" in self.faults:
            return "450 mailbox busy"
        if f"rcpt-550={address}" in self.faults:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        for word, reply in (("data-451", "451 try later"), ("data-554", "554 looks like spam")):
            if word in self.faults:
                return reply
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.inbox.put({"to": envelope.rcpt_tos, "from": envelope.mail_from, "message": message,
                        "raw": envelope.content, "tls": session.ssl is not None,
                        "login": session.authenticated, "subject": str(message["Subject"]),
                        "id": message["Message-ID"]})
        if "data-lost" in self.faults:
            server.transport.abort()
        return "250 accepted"


def make_certificate(folder):
    """A certificate for 127.0.0.1 that vouches for itself."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=stub",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "server.key",
                    "-out", folder / "server.pem"], check=True, capture_output=True)
    return folder / "server.pem"


class WebReceiver:
    """Takes POSTs. `answers` are used up one by one, as (code, headers) or a code; then 200."""

    def __init__(self):
        self.inbox, self.answers = Inbox(), []

    def __enter__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                code, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(code)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                receiver.inbox.put({"path": self.path, "headers": dict(self.headers), "body": body,
                                    "code": code})

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
