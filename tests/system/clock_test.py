"""Schedules on a clock that the test moves: daylight saving, jumps, downtime. libfaketime gives
drayd another wall clock and leaves its boot clock alone."""

import datetime
import glob

from harness import *
from receivers import MailServer
from servers import *

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


@unittest.skipUnless(LIBRARY, "libfaketime is not installed")
class FakeClock(StackTest):
    further = {}  # options of the stack
    start_at = "2026-03-28 23:51:00"  # UTC; clocks in Berlin go forward at 01:00 UTC next day

    def setUp(self):
        self.clock = pathlib.Path(tempfile.mkdtemp(prefix="clock-")) / "now"
        self.addCleanup(shutil.rmtree, self.clock.parent)
        self.set_clock(self.start_at)
        type(self).options = {**self.further, "env": {"drayd": {
            "LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}}}
        super().setUp()

    def set_clock(self, text):
        moment = datetime.datetime.fromisoformat(text)
        offset = (moment - datetime.datetime.utcnow()).total_seconds()
        temporary = self.clock.with_suffix(".new")
        temporary.write_text(f"{offset:+.0f}s\n")
        temporary.rename(self.clock)

    def set_up(self):
        self.make_files("src", 2)
        self.stack.remote("disk", {"type": "local"})

    def job(self, name, *flags):
        self.stack.job(name, f"disk:{self.files}/src", f"disk:{self.files}/{name}", *flags)

    def occurrences(self, name):
        return sorted(r["scheduled_at"] for r in self.stack.json("runs", "list", "--job", name)["runs"])

    def test_a_time_that_daylight_saving_skips_fires_once_at_the_end_of_the_gap(self):
        self.job("gap", "--daily", "02:30", "--tz", "Europe/Berlin")
        self.set_clock("2026-03-29 00:59:58")
        self.stack.wait_until(lambda: self.occurrences("gap"), "the run", 60)
        self.assertEqual(self.occurrences("gap"), ["2026-03-29T01:00:00Z"])

    def test_a_time_that_daylight_saving_repeats_fires_once(self):
        self.set_clock("2026-10-25 00:15:00")
        self.job("fold", "--daily", "02:30", "--tz", "Europe/Berlin")
        self.set_clock("2026-10-25 00:29:57")
        self.stack.wait_until(lambda: self.occurrences("fold"), "the run", 60)
        self.set_clock("2026-10-25 01:15:00")
        self.job("marker", "--cron", "30 1 * * *", "--tz", "UTC")
        self.set_clock("2026-10-25 01:29:57")
        self.stack.wait_until(lambda: self.occurrences("marker"), "the other run", 60)
        self.assertEqual(self.occurrences("fold"), ["2026-10-25T00:30:00Z"])

    def test_a_clock_set_back_fires_nothing_again(self):
        self.job("hourly", "--cron", "0 * * * *", "--tz", "UTC")
        self.set_clock("2026-03-28 23:59:57")
        self.stack.wait_until(lambda: self.occurrences("hourly"), "the run", 60)
        self.stack.wait(self.stack.json("runs", "list", "--job", "hourly")["runs"][0]["run"])
        for moment in ("2026-03-28 23:30:00", "2026-03-29 00:00:30"):
            self.set_clock(moment)
            shown = self.stack.wait(self.stack.run("hourly"))  # drayd has looked at this clock
            self.assertEqual(shown["run"]["queued_at"][:13], moment.replace(" ", "T")[:13])
        scheduled = [r for r in self.stack.json("runs", "list", "--job", "hourly")["runs"]
                     if r["trigger"] == "schedule"]
        self.assertEqual(len(scheduled), 1)

    def test_after_downtime_one_run_makes_up_for_all_that_were_missed(self):
        self.job("often", "--cron", "*/10 * * * *", "--tz", "UTC")
        self.stack.kill("drayd")
        self.set_clock("2026-03-29 02:00:05")
        self.stack.start("drayd")
        self.stack.wait_until(lambda: any(r["state"] == "succeeded" for r in self.stack.json(
            "runs", "list", "--job", "often")["runs"]), "the run", 60)
        states = [r["state"] for r in self.stack.json("runs", "list", "--job", "often")["runs"]]
        self.assertEqual(states.count("succeeded"), 1)
        self.assertEqual(states.count("missed"), len(states) - 1)

    def test_the_preview_marks_days_of_change(self):
        self.job("gap", "--daily", "02:30", "--tz", "Europe/Berlin")
        shown = self.stack.dray("job", "next", "gap", "-n", "3").stdout
        self.assertIn("DST", shown)


class ToldOfDowntime(FakeClock):
    further = {"notifier": 'allow_addresses = ["127.0.0.1"]\ndigest_window = "3s"\n'}

    def test_who_asked_for_it_is_told_of_every_run_that_was_missed(self):
        server = self.enterContext(MailServer())
        self.stack.dray("notify", "add-channel", "mail", "smtp", "host=127.0.0.1",
                        f"port={server.port}", "security=none", "from=dray@example.org")
        self.stack.dray("notify", "add", "--channel", "mail", "--on", "missed", "--to",
                        "ops@example.org")
        self.job("hourly", "--cron", "0 * * * *", "--tz", "UTC", "--misfire", "skip")
        self.stack.kill("drayd")
        self.set_clock("2026-03-29 02:10:00")
        self.stack.start("drayd")
        mails = server.inbox.wait(3)
        for mail in mails:
            self.assertIn("hourly was missed", mail["subject"])
        texts = "".join(m["message"].get_body(("plain",)).get_content() for m in mails)
        for hour in ("2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 02:00"):
            self.assertIn(hour, texts.replace("T", " "))
        self.stack.wait_until(lambda: all(
            self.stack.show(run["run"])["run"]["notified_at"]
            for run in self.stack.json("runs", "list", "--job", "hourly")["runs"]), "the marks")


if __name__ == "__main__":
    main()
