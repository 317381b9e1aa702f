"""Programs of the administrator: hooks around a run, and runs that are a program."""

import os
import pathlib
import tempfile

from harness import *
from servers import *

HOOKS = """
[hooks.note]
program = "{dir}/note"
description = "Writes down what it sees"
[hooks.broken]
program = "{dir}/broken"
[hooks.slow]
program = "{dir}/slow"
timeout = "1s"
[hooks.waits]
program = "{dir}/slow"
[commands.count]
program = "{dir}/count"
arguments = ["--to={{limit}}", "{{word}}"]
[commands.count.settings]
limit = "[0-9]{{1,3}}"
word = ".{{0,40}}"
[commands.stuck]
program = "{dir}/stuck"
[commands.busy]
program = "{dir}/busy"
"""

PROGRAMS = {
    "note": 'env > "$0.$DRAY_PHASE.env"; echo "seen by $DRAY_JOB"; ls -a > "$0.files"',
    "broken": "echo 'the database is locked' >&2; exit 3",
    "slow": 'exec sleep 600',
    "count": """
limit=${1#--to=}
echo "word: $2"
echo "[PHASE:1690123456789] prepare"
echo "[PHASE:1690123456790] transfer"
echo "PROGRESS 1 2"
echo "PROGRESS $limit $limit"
echo "[PHASE:1690123456791] finish"
""",
    "stuck": 'echo "[PHASE:1690123456789] transfer"; echo "PROGRESS 1 4"; exec sleep 600',
    "busy": "echo 'come back later'; exit 75",
}


class Programs(StackTest):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="dray-hooks-")))
        for name, text in PROGRAMS.items():
            (folder / name).write_text("#!/bin/sh\n" + text + "\n")
            (folder / name).chmod(0o755)
        self.programs = folder
        self.options = {"config": HOOKS.format(dir=folder)}
        super().setUp()

    def set_up(self):
        self.stack.remote("disk", {"type": "local"})
        self.source = self.make_files("source", 3)

    def job(self, *flags):
        self.stack.job("nightly", f"disk:{self.source}", f"disk:{self.files}/copy",
                       "--retry-attempts", "1", *flags)

    def run_it(self, state, *flags):
        shown = self.stack.wait(self.stack.run("nightly", *flags))
        self.assertEqual(shown["run"]["state"], state, shown)
        return shown

    def steps(self, shown):
        return {s["name"]: s for s in shown["attempts"][-1]["report"]["steps"]}

    def environment(self, phase):
        lines = (self.programs / f"note.{phase}.env").read_text().splitlines()
        # A shell adds these by itself.
        return {k: v for k, _, v in (line.partition("=") for line in lines)
                if k not in ("PWD", "OLDPWD", "SHLVL", "_", "PATH")}

    def test_hooks_run_before_and_after_and_see_only_what_they_may(self):
        self.job("--before", "note", "--after", "note")
        shown = self.run_it("succeeded")
        run = str(shown["run"]["run"])
        self.assertEqual(self.environment("before"),
                         {"DRAY_RUN": run, "DRAY_JOB": "nightly", "DRAY_CLIENT": "default",
                          "DRAY_PHASE": "before", "DRAY_OUTCOME": ""})
        self.assertEqual(self.environment("after")["DRAY_OUTCOME"], "succeeded")
        self.assertEqual((self.programs / "note.files").read_text().split(), [".", ".."])
        self.assertIn("seen by nightly", self.steps(shown)["before note"]["output"])
        self.assertIn("seen by nightly", self.stack.dray("logs", run).stdout)
        self.assertIn("after note", self.stack.dray("runs", "show", run).stdout)

    def test_a_failing_hook_fails_warns_or_is_ignored_as_the_job_says(self):
        self.job("--before", "broken:fail", "--after", "note")
        shown = self.run_it("failed")
        self.assertFalse((self.files / "copy").exists())
        self.assertIn("broken", shown["run"]["hint"])
        self.assertIn("the database is locked", self.steps(shown)["before broken"]["output"])
        self.assertEqual(self.environment("after")["DRAY_OUTCOME"], "failed")
        self.stack.dray("job", "edit", "nightly", "--before", "broken:warn")
        self.run_it("warning")
        self.stack.dray("job", "edit", "nightly", "--before", "broken:ignore")
        shown = self.run_it("succeeded")
        self.assertIn("ignored", self.steps(shown)["before broken"]["note"])
        self.stack.dray("job", "edit", "nightly", "--no-hooks", "--after", "broken")
        self.assertEqual(self.run_it("failed")["attempts"][-1]["exit_code"], 3)

    def test_a_hook_that_takes_too_long_is_ended(self):
        self.job("--before", "slow")
        shown = self.run_it("failed")
        self.assertIn("did not end within 1", shown["run"]["hint"])

    def test_a_run_is_cancelled_in_its_hook_and_the_hooks_behind_still_run(self):
        self.job("--before", "waits", "--after", "note")
        run = self.stack.run("nightly")
        self.stack.wait(run, "running")
        self.stack.wait_until(lambda: "hook waits" in self.stack.dray("logs", run).stdout, "a hook")
        self.stack.dray("cancel", run, "--wait")
        self.assertEqual(self.stack.state(run), "cancelled")
        self.assertEqual(self.environment("after")["DRAY_OUTCOME"], "cancelled")
        self.assertFalse((self.files / "copy").exists())

    def test_an_unknown_hook_is_a_clear_config_error_and_nothing_happens(self):
        self.job("--before", "unknown")
        shown = self.run_it("failed")
        self.assertEqual(shown["run"]["error_class"], "config")
        self.assertIn("no hook 'unknown'", shown["run"]["hint"])

    def test_a_restore_runs_no_hook(self):
        self.job("--before", "note", "--after", "broken:warn", "--layout", "versioned")
        self.run_it("warning")
        note = self.programs / "note.before.env"
        note.unlink()
        restore = self.stack.json("restore", "nightly", "--to", f"disk:{self.files}/back")["run"]
        self.assertEqual(self.stack.wait(restore)["run"]["state"], "succeeded")
        self.assertFalse(note.exists())
        self.assert_same(self.source, self.files / "back")

    def test_a_dry_run_runs_no_hook(self):
        self.job("--before", "note")
        self.run_it("succeeded", "--dry-run")
        self.assertFalse((self.programs / "note.before.env").exists())

    # ── Commands ──
    def command(self, name, *flags, expect=OK):
        return self.stack.dray("job", "add", "counting", "--kind", "command", "--command", name,
                               "--retry-attempts", "1", *flags, expect=expect)

    def test_a_command_runs_with_its_settings_and_shows_its_phases(self):
        self.command("count", "--set", "limit=12", "--set", "word=two words; $(id)")
        shown = self.stack.wait(self.stack.run("counting"))
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        log = self.stack.dray("logs", shown["run"]["run"]).stdout
        self.assertIn("word: two words; $(id)", log)
        self.assertIn("phase: transfer", log)
        self.assertIn("command", self.stack.dray("job", "show", "counting").stdout)

    def test_a_setting_that_does_not_fit_its_pattern_is_refused_before_anything_runs(self):
        self.command("count", "--set", "limit=many", "--set", "word=x")
        shown = self.stack.wait(self.stack.run("counting"))
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]),
                         ("failed", "config"), shown)
        self.assertIn("setting limit", shown["run"]["hint"])

    def test_the_exit_status_of_a_command_says_whether_it_is_worth_trying_again(self):
        self.command("busy")
        shown = self.stack.wait(self.stack.run("counting"))
        attempt = shown["attempts"][-1]
        self.assertEqual((shown["run"]["state"], attempt["error_class"], attempt["retry"]),
                         ("failed", "network", True), shown)
        self.assertIn("come back later", attempt["deciding_line"])

    def test_a_command_that_hangs_shows_its_phase_and_can_be_cancelled(self):
        self.command("stuck")
        run = self.stack.run("counting")
        shown = self.stack.wait_until(
            lambda: (s := self.stack.show(run)) and
            (s["run"].get("progress") or {}).get("stage") and s, "progress of the command")
        self.assertEqual(shown["run"]["progress"]["stage"], "Transferring")
        self.stack.dray("cancel", run, "--wait")
        self.assertEqual(self.stack.state(run), "cancelled")

    def test_a_command_job_has_no_source(self):
        done = self.command("count", "--from", "disk:x", expect=USAGE)
        self.assertIn("source", done.stderr)


if __name__ == "__main__":
    main()
