"""The web page in Chromium: how soon it is there, and whether frames stay on time."""

import json
import os
import shutil
import subprocess

from programs import BIN, HERE, Skip, die_with_parent
from table import Table

NORMAL = {"rounds": 3, "ended": 5000, "moving": 200, "throttle": 4}
QUICK = {"rounds": 1, "ended": 5000, "moving": 200, "throttle": 4}
SMOKE = {"rounds": 1, "ended": 300, "moving": 10, "throttle": 1}

BROWSER = HERE.parent / "browser"
WEB = BIN.parent / "web"


def require():
    if not shutil.which("node") or not shutil.which("chromium") or not (WEB / "index.html").exists():
        raise Skip("the page is not built, or Node.js or chromium is missing")
    if not (BROWSER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=BROWSER, check=True)


def measure_page(sizes):
    done = subprocess.run(["node", str(HERE / "page.mjs"), json.dumps(sizes)], capture_output=True, text=True,
                          preexec_fn=die_with_parent,
                          env={**os.environ, "DRAY_BIN_DIR": str(BIN), "DRAY_WEB_DIR": str(WEB)})
    if done.returncode != 0:
        raise RuntimeError(f"page.mjs: {done.stderr.strip()}")
    return json.loads(done.stdout)


def run(sizes):
    table = Table(f"The page with {sizes['ended']:,} ended runs and {sizes['moving']} that move")
    try:
        require()
    except Skip as why:
        table.note(f"skipped: {why}")
        yield table
        return
    figures = [measure_page(sizes) for _ in range(sizes["rounds"])]
    values = {name: [one[name] for one in figures] for name in figures[0]}
    table.columns("what", "figure")
    table.row(f"ms to the first view, processor {sizes['throttle']} times slower", values["first_paint_ms"])
    table.row("ms a frame while all move, p50", values["moving_frame_ms"])
    table.row("ms a frame while all move, p95", values["moving_frame_ms_p95"])
    table.row("ms a frame while scrolling, p50", values["scroll_frame_ms"])
    table.row("rows that exist of all that are listed", values["rows_of_history"])
    table.goal("ms to the first view", values["first_paint_ms"], "≤", 1000)
    table.goal("ms a frame while all move, p50", values["moving_frame_ms"], "≤", 18)
    table.goal("ms a frame while scrolling, p50", values["scroll_frame_ms"], "≤", 34)
    yield table
