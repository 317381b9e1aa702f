"""States that can be restored: as it was after any kept run, whatever its names, before and after
prunes, and whatever is killed in the middle."""

import os
import shutil

from harness import *
from servers import *

# What breaks lists, shells, globs and terminals. The last one is no UTF-8.
AWKWARD = ["new\nline", "-dash", "quote's \"and\" more", "ünï cödé ✓", "#hash", " lead and trail ",
           "semi;colon & [brackets] {braces} *stars*", "deep/er/ünd tiefer/-x", "tab\there",
           "sym\u240abol", "back\\slash"]
RAW = os.fsdecode(b"raw\xff\xfe")


def tree(root):
    """Bytes of every file by path, as the file system has them."""
    root = pathlib.Path(root)
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


class VersionsTest(StackTest):
    def set_up(self):
        self.source = self.files / "source"
        self.source.mkdir()
        self.stack.remote("disk", {"type": "local"})
        self.make_target()

    def make_target(self):
        self.target = self.enterContext(Sftp(self.stack.dir / "sftp"))
        self.stack.remote("store", self.target.settings())
        self.place = f"store:{self.target.root}/backup"
        self.root = self.target.root / "backup"

    def job(self, *flags, name="photos"):
        self.stack.job(name, f"disk:{self.source}", self.place, "--layout", "versioned",
                       "--validation", "none", "--guard", "off", "--retry-backoff", "1s", *flags)

    def write(self, path, text):
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else os.fsencode(text))

    def backup(self, name="photos"):
        """One good run; its number."""
        run = self.stack.run(name)
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        return run

    def history(self, count=5, names=AWKWARD):
        """Backups of a changing source: {run: what the source held}."""
        states = {}
        for i in range(count):
            for k, name in enumerate(names):
                if (i + k) % 3 == 0:
                    self.write(name, f"{name} in round {i}")
                elif (i + k) % 3 == 1 and i > 0:
                    with contextlib.suppress(FileNotFoundError):
                        (self.source / name).unlink()
            self.write(f"only in {i}", "x" * (i + 1))
            if i > 0:
                (self.source / f"only in {i - 1}").unlink()
            run = self.backup()
            states[run] = tree(self.source)
        return states

    def restore(self, *flags, at=None, name="photos", expect=OK, to=None):
        """Restores to an empty place and returns what came back."""
        to = to or self.files / f"restored {time.monotonic_ns()}"
        at = ("--at", at) if at else ()
        self.stack.dray("restore", name, *at, "--to", f"disk:{to}", "--wait", *flags,
                        expect=expect, timeout=120)
        return tree(to) if to.exists() else {}

    def upkeep(self, kind="prune", trigger="retention"):
        """Waits until no run that retention or a drill asked for is open; all of them."""
        def ended():
            runs = [r for r in self.stack.json("runs", "list", "--limit", "500")["runs"]
                    if r["trigger"] == trigger]
            return runs and all(r["state"] in TERMINAL for r in runs) and runs
        return self.stack.wait_until(ended, f"{kind} to end")

    def kept(self):
        return [v["run"] for v in self.stack.json("versions", "list", "photos")["versions"]
                if v["state"] == "kept"]


class Restore(VersionsTest):
    def test_every_run_can_be_restored_as_it_was_with_any_names(self):
        self.job()
        states = self.history(names=AWKWARD + [RAW])
        self.assertEqual(self.kept(), sorted(states, reverse=True))
        for run, state in states.items():
            self.assertEqual(self.restore(at=run), state, f"run {run}")
        self.assertEqual(self.restore(), list(states.values())[-1])

    def test_the_newest_state_lies_there_as_plain_files(self):
        self.job()
        # Control characters lie on a server as rclone spells them.
        states = self.history(2, names=[n for n in AWKWARD if n.isprintable()])
        self.assertEqual(tree(self.root / "current"), list(states.values())[-1])

    def test_a_pattern_restores_only_what_it_names(self):
        self.job()
        self.write("docs/a.txt", "a")
        self.write("docs/b.jpg", "b")
        self.write("other/c.jpg", "c")
        self.backup()
        self.assertEqual(set(self.restore("--path", "docs")), {"docs/a.txt", "docs/b.jpg"})
        self.assertEqual(set(self.restore("--path", "*.jpg")), {"docs/b.jpg", "other/c.jpg"})
        self.restore("--path", "nothing", expect=FAILED)

    def test_a_dry_run_restores_nothing_and_a_moment_chooses_the_state(self):
        self.job()
        self.write("a", "old")
        self.backup()
        shown = self.stack.json("versions", "list", "photos")["versions"][0]
        self.write("a", "new and longer")
        self.backup()
        self.assertEqual(self.restore("--dry-run"), {})
        self.assertEqual(self.restore(at=shown["at"]), {"a": b"old"})

    def test_a_restore_says_how_far_it_is_proven_and_is_no_backup(self):
        self.job()
        self.write("a", "x")
        last = self.backup()
        to = self.files / "back"
        run = self.stack.json("restore", "photos", "--to", f"disk:{to}")["run"]
        shown = self.stack.wait(run)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertIn(shown["run"]["grade"], ("size", "hash"))
        self.assertEqual(self.stack.json("job", "show", "photos")["job"]["last_run"]["run"], last)

    def test_a_run_that_changed_nothing_shares_the_manifest_before_it(self):
        self.job()
        self.write("a", "x")
        first, second = self.backup(), self.backup()
        versions = self.stack.json("versions", "list", "photos")["versions"]
        self.assertEqual([v["run"] for v in versions], [second, first])
        self.assertEqual(versions[0]["manifest"], versions[1]["manifest"])
        self.assertEqual(len(list((self.root / "manifests").iterdir())), 1)

    def test_a_file_is_found_in_the_states_that_hold_it(self):
        self.job()
        self.write("a/one.txt", "1")
        first = self.backup()
        (self.source / "a/one.txt").unlink()
        self.write("a/two.txt", "22")
        second = self.backup()
        found = self.stack.json("versions", "find", "photos", "a/*.txt")["files"]
        self.assertEqual({(f["run"], f["path"], f["size"]) for f in found},
                         {(first, "a/one.txt", 1), (second, "a/two.txt", 2)})
        self.stack.dray("versions", "find", "photos", "nowhere", expect=NOT_FOUND)

    def test_damage_in_the_destination_fails_the_restore(self):
        self.job()
        self.write("a", "x")
        self.write("b", "y")
        self.backup()
        (self.root / "current/a").unlink()
        self.restore(expect=INVALID)

    def test_a_mirror_restores_its_newest_state_and_nothing_older(self):
        self.stack.job("mirror", f"disk:{self.source}", self.place, "--validation", "none",
                       "--guard", "off")
        self.write("a", "x")
        run = self.backup("mirror")
        self.assertEqual(self.restore(name="mirror"), {"a": b"x"})
        done = self.stack.dray("restore", "mirror", "--at", run, "--to",
                               f"disk:{self.files}/older", expect=None)
        self.assertIn("only its newest state", done.stderr)

    def test_a_mirror_keeps_versions_where_a_path_is_given(self):
        self.stack.job("mirror", f"disk:{self.source}", self.place, "--layout", "mirror",
                       "--versions-path", f"store:{self.target.root}/older", "--validation",
                       "none", "--guard", "off")
        self.write("a", "old")
        first = self.backup("mirror")
        self.write("a", "new and longer")
        self.backup("mirror")
        self.assertEqual(tree(self.root), {"a": b"new and longer"})
        self.assertEqual(self.restore(at=first, name="mirror"), {"a": b"old"})


    @unittest.skipUnless(shutil.which("jq") and shutil.which("zstd"), "needs jq and zstd")
    def test_an_older_state_can_be_put_together_with_plain_rclone(self):
        self.job()
        states = self.history(4, names=["a", "b/c", "ünï cödé", "-dash"])
        for run, state in states.items():
            to = self.files / f"plain {run}"
            script = """
rclone cat "$FROM/manifests/$RUN.jsonl.zst" | zstd -d | jq -r .path > "$TO.list"
rclone copy --files-from-raw "$TO.list" "$FROM/current" "$TO"
for run in $(rclone lsf --dirs-only "$FROM/versions" | sort -r); do
  [ "${run%/}" \\> "$RUN.999" ] &&
    rclone copy --ignore-times --files-from-raw "$TO.list" "$FROM/versions/$run" "$TO"
done
true"""
            subprocess.run(["sh", "-c", script], check=True, stderr=subprocess.DEVNULL, env={
                "PATH": os.environ["PATH"], "HOME": str(self.files), "FROM": str(self.root),
                "TO": str(to), "RUN": f"{run:012}"})
            self.assertEqual(tree(to), state, f"run {run}")


class OnS3(VersionsTest):
    def make_target(self):
        server = self.enterContext(S3(self.stack.dir / "s3"))
        self.stack.remote("store", server.settings())
        self.place = "store:data/backup"

    def test_every_kept_run_is_restored_from_a_store_of_objects(self):
        self.job("--keep-last", "3")
        states = self.history(5, names=["a", "b/c", "-dash", "ünï"])
        self.upkeep()
        self.assertEqual(self.kept(), sorted(states, reverse=True)[:3])
        for run in self.kept():
            self.assertEqual(self.restore(at=run), states[run], f"run {run}")


class Prune(VersionsTest):
    def test_a_prune_keeps_every_kept_run_restorable_and_removes_the_rest(self):
        self.job("--keep-last", "2")
        states = self.history(3)
        pinned = list(states)[1]
        self.upkeep()
        self.stack.dray("versions", "pin", pinned, "--reason", "before the move")
        more = self.history(4)
        states |= more
        self.upkeep()
        kept = self.kept()
        self.assertEqual(kept, sorted(list(more)[-2:] + [pinned], reverse=True))
        for run in kept:
            self.assertEqual(self.restore(at=run), states[run], f"run {run}")
        self.stack.dray("restore", "photos", "--at", list(states)[0], "--to",
                        f"disk:{self.files}/gone", expect=NOT_FOUND)
        held = {p.name for p in (self.root / "versions").iterdir()}
        self.assertTrue(all(int(name[:12]) > pinned for name in held), held)
        self.assertEqual(len(list((self.root / "manifests").iterdir())), len(kept))

    def test_what_went_is_shown_and_recorded(self):
        self.job("--keep-last", "1")
        self.history(2)
        prune = self.upkeep()[0]["run"]
        shown = self.stack.show(prune)
        deleted = shown["attempts"][-1]["report"]["deleted"]
        self.assertTrue(any(d["path"].startswith("versions/") for d in deleted), deleted)
        self.assertIn("version.pruned", {e["kind"] for e in shown["events"]})

    def test_a_preview_says_what_goes_and_why_the_rest_stays(self):
        self.job()
        self.write("a", "x")
        runs = [self.backup() for _ in range(3)]
        self.stack.dray("job", "edit", "photos", "--keep-last", "1")
        rows = {r["run"]: r for r in self.stack.json("retention", "preview", "photos")["versions"]}
        self.assertEqual([rows[r]["keep"] for r in runs], [False, False, True])
        self.assertEqual(rows[runs[2]]["why"], "the newest state")
        self.assertIn("goes", self.stack.dray("retention", "preview", "photos").stdout)

    def waiting_prune(self):
        """A backup and the prune that follows it, which waits for its turn."""
        self.target.freeze()
        run = self.stack.run("photos")
        self.stack.wait_for_rclone()
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.target.thaw()
        self.stack.wait(run)
        prune = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"]
                     if r["trigger"] == "retention" and r["state"] == "queued"], "a prune")[0]["run"]
        return run, prune

    def killed_in(self, kill):
        """A prune that is killed in the middle ends all the same, and takes nothing it must not."""
        self.job()
        states = self.history(4)
        self.stack.dray("job", "edit", "photos", "--keep-last", "1")
        self.write("one more", "x")
        run, prune = self.waiting_prune()
        states[run] = tree(self.source)
        self.target.freeze()
        self.stack.dray("settings", "set", "queue_paused", "false")
        self.stack.wait_for_rclone()
        kill()
        self.target.thaw()
        shown = self.stack.wait(prune, deadline_s=120)
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(self.kept(), [run])
        self.assertEqual(self.restore(at=run), states[run])
        self.assertEqual(len(self.upkeep()), 1)

    def test_the_scheduler_killed_in_the_middle_of_a_prune(self):
        self.killed_in(lambda: self.stack.restart("drayd"))

    def test_the_broker_killed_in_the_middle_of_a_prune(self):
        self.killed_in(lambda: self.stack.restart("broker"))

    def test_the_worker_killed_in_the_middle_of_a_prune(self):
        self.killed_in(lambda: self.stack.restart("worker1"))

    def test_a_restore_killed_in_the_middle_is_done_by_the_next_attempt(self):
        self.job()
        states = self.history(2)
        for name in ("drayd", "broker", "worker1"):
            to = self.files / f"after {name}"
            self.target.freeze()
            run = self.stack.json("restore", "photos", "--to", f"disk:{to}")["run"]
            self.stack.wait_for_rclone()
            self.stack.restart(name)
            self.target.thaw()
            shown = self.stack.wait(run, deadline_s=120)
            self.assertEqual(shown["run"]["state"], "succeeded", shown)
            self.assertEqual(tree(to), list(states.values())[-1])

    def test_a_cancelled_restore_ends_and_leaves_no_process(self):
        self.job()
        self.history(1)
        self.target.freeze()
        run = self.stack.json("restore", "photos", "--to", f"disk:{self.files}/back")["run"]
        self.stack.wait_for_rclone()
        self.stack.dray("cancel", run, "--reason", "enough", "--wait")
        self.target.thaw()
        self.assertEqual(self.stack.state(run), "cancelled")
        self.stack.assert_no_rclone()


class Drill(VersionsTest):
    def test_a_drill_restores_a_sample_and_leaves_nothing(self):
        self.job("--restore-drill", "daily")
        for i in range(30):
            self.write(f"file {i}", f"content {i}")
        self.backup()
        drill = self.upkeep(trigger="drill")[0]
        shown = self.stack.show(drill["run"])
        self.assertEqual(shown["run"]["state"], "succeeded", shown)
        self.assertEqual(shown["run"]["files"], 1)
        self.assertFalse((self.root / "drill").exists())
        self.backup()
        self.assertEqual(len(self.upkeep(trigger="drill")), 1)

    def test_a_drill_of_a_mirror_leaves_the_mirror_as_it_is(self):
        for name, flags in (("photos", ()), ("sealed", ("--encrypt",))):
            self.stack.job(name, f"disk:{self.source}", f"{self.place}-{name}", "--layout", "mirror",
                           "--guard", "off", "--restore-drill", "daily", *flags)
        for i in range(60):
            self.write(f"file {i}", f"content {i}")
        for name in ("photos", "sealed"):
            self.backup(name)
        drills = self.stack.wait_until(
            lambda: (runs := [r for r in self.stack.json("runs", "list")["runs"]
                              if r["trigger"] == "drill" and r["state"] in TERMINAL])
            and len(runs) == 2 and runs, "both drills")
        for drill in drills:
            shown = self.stack.show(drill["run"])
            self.assertEqual((shown["run"]["state"], shown["run"]["files"]), ("succeeded", 3), shown)
        self.assertEqual(tree(f"{self.root}-photos"), tree(self.source))
        self.assertEqual(len(tree(f"{self.root}-sealed")), 60)

    def test_a_cancelled_drill_cleans_up_as_well(self):
        self.job("--restore-drill", "daily")
        self.write("a", "content")
        self.target.freeze()
        run = self.stack.run("photos")
        self.stack.wait_for_rclone()
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.target.thaw()
        self.stack.wait(run)
        drill = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"] if r["trigger"] == "drill"],
            "a drill")[0]["run"]
        self.target.freeze()
        self.stack.dray("settings", "set", "queue_paused", "false")
        self.stack.wait_for_rclone()
        self.stack.dray("cancel", drill, "--reason", "enough")
        self.target.thaw()
        self.assertEqual(self.stack.wait(drill)["run"]["state"], "cancelled")
        self.assertFalse((self.root / "drill").exists())


if __name__ == "__main__":
    main()
