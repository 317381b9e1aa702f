"""The same answers from Flask: the newest 20 rows of a table as JSON, and a run that is started. For
gunicorn; BENCH_DB names the database."""

import os
import sqlite3
import subprocess
import time

from flask import Flask, g, jsonify

app = Flask(__name__)


def database():
    if "db" not in g:
        g.db = sqlite3.connect(os.environ["BENCH_DB"], timeout=30)
        g.db.row_factory = sqlite3.Row
        g.db.execute("PRAGMA synchronous = FULL")
    return g.db


@app.teardown_appcontext
def close(_):
    if "db" in g:
        g.db.close()


@app.get("/rows")
def rows():
    found = database().execute("SELECT * FROM runs ORDER BY run DESC LIMIT 20")
    return jsonify(runs=[dict(row) for row in found])


@app.post("/runs")
def start():
    with database() as db:
        run = db.execute("INSERT INTO started (job, at) VALUES (?, ?)", ("job", time.time())).lastrowid
    subprocess.Popen(["true"]).wait()
    return jsonify(run=run), 202
