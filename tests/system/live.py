"""Live connections as programs make them: a small WebSocket client (RFC 6455) and a reader of Server-Sent
Events, over plain sockets, so that tests can also do what no library would."""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import time
import urllib.parse
import zlib

from harness import SLOWNESS

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Closed(Exception):
    """The server has ended the connection; the code of its close, None without one."""


class Stream:
    """Bytes of a connection, with a deadline for everything that is waited for."""

    def __init__(self, address, path, headers, receive_buffer=None):
        self.url = urllib.parse.urlparse(address)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30 * SLOWNESS)
        self.socket.connect((self.url.hostname, self.url.port))
        if self.url.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.bytes = b""
        lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in
                                           {"Host": self.url.netloc, **headers}.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        head = self.until(b"\r\n\r\n").decode()
        self.status = int(head.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in head.splitlines()[1:])}

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            raise Closed(None)
        self.bytes += part

    def until(self, end):
        while end not in self.bytes:
            self.more()
        part, _, self.bytes = self.bytes.partition(end)
        return part

    def exactly(self, count):
        while len(self.bytes) < count:
            self.more()
        part, self.bytes = self.bytes[:count], self.bytes[count:]
        return part

    def close(self):
        self.socket.close()

    # ── What both kinds of streams tell ───────────────────────────────────────────────────────
    def until_message(self, fits, deadline_s=60):
        """All messages up to the first that fits."""
        heard, end = [], time.monotonic() + deadline_s * SLOWNESS
        while time.monotonic() < end:
            heard.append(self.message())
            if fits(heard[-1]):
                return heard
        raise AssertionError(f"not heard in {deadline_s} s; heard {heard[-20:]}")

    def until_event(self, kind, run=None):
        return self.until_message(lambda m: m["type"] == "event" and m["event"]["kind"] == kind and
                                  run in (None, m["event"]["run"]))


class WebSocket(Stream):
    def __init__(self, address, path="/api/v1/events", token=None, headers=(), deflate=False, **options):
        key = base64.b64encode(os.urandom(16)).decode()
        sent = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": key, **dict(headers)}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if deflate:
            sent["Sec-WebSocket-Extensions"] = "permessage-deflate; client_max_window_bits"
        super().__init__(address, path, sent, **options)
        if self.status == 101:
            proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            assert self.headers["sec-websocket-accept"] == base64.b64encode(proof).decode()
        self.deflated = 0  # messages that came compressed

    def frame(self):
        first, second = self.exactly(2)
        assert not second & 0x80, "a server does not mask"
        length = second & 0x7f
        if length >= 126:
            length = int.from_bytes(self.exactly(2 if length == 126 else 8), "big")
        payload = self.exactly(length)
        if first & 0x40:
            self.deflated += 1
            payload = zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")
        return first & 0x0f, payload

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                raise Closed(struct.unpack("!H", payload[:2])[0] if payload else None)
            if opcode == TEXT:
                return json.loads(payload)

    def send_frame(self, opcode, payload):
        mask = os.urandom(4)
        head = bytes([0x80 | opcode])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        else:
            head += bytes([0x80 | 126]) + struct.pack("!H", len(payload))
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def send(self, **message):
        self.send_frame(TEXT, json.dumps(message).encode())


class EventSource(Stream):
    def __init__(self, address, path="/api/v1/events", token=None, headers=(), **options):
        super().__init__(address, path, {"Accept": "text/event-stream",
                                         "Authorization": f"Bearer {token}", **dict(headers)},
                         **options)
        self.last_id = None

    def message(self):
        while True:
            fields = dict(line.split(": ", 1) for line in self.until(b"\n\n").decode().split("\n"))
            if "data" not in fields:
                continue
            self.last_id = fields.get("id", self.last_id)
            message = json.loads(fields["data"])
            assert message["type"] == fields["event"], fields
            return message
