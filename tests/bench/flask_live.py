"""The same messages from Flask-SocketIO on eventlet, at a steady rate, as soon as all clients are
there. Arguments: PORT RATE BYTES CLIENTS."""

import json
import sys
import time

import eventlet

eventlet.monkey_patch()

from flask import Flask, request  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402

port, rate, size, clients = map(int, sys.argv[1:5])
app = Flask(__name__)
io = SocketIO(app, async_mode="eventlet", cors_allowed_origins="*")
there = set()


@io.on("connect")
def connected():
    there.add(request.sid)


def tell():
    while len(there) < clients:
        io.sleep(0.01)
    start, sent = time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - start) * rate:
            text = {"type": "progress", "bytes_done": time.monotonic_ns() // 1000, "pad": ""}
            text["pad"] = "x" * max(0, size - len(json.dumps(text, separators=(",", ":"))))
            io.emit("progress", text)
            sent += 1
            io.sleep(0)
        io.sleep(0.001)


io.start_background_task(tell)
io.run(app, host="127.0.0.1", port=port)
