"""What comes back out of archives: restores, drills, and what retention leaves of them."""

import json
import os

from archives import *
from harness import *
from servers import *


class ArchiveRestore(ArchiveTest):
    def test_a_file_that_rclone_cannot_name_fails_the_restore_of_all_and_is_named(self):
        self.fill_awkward(self.source)
        self.archive()
        run = self.stack.json("restore", "nightly", "--to", f"disk:{self.files}/back")["run"]
        shown = self.stack.wait(run)
        self.assertEqual((shown["run"]["state"], shown["run"]["error_class"]), ("failed", "integrity"))
        self.assertIn("quote", shown["run"]["hint"])
        self.assertEqual((self.files / "back/plain.txt").read_bytes(),
                         (self.source / "plain.txt").read_bytes())

    def test_an_archive_in_volumes_is_restored(self):
        self.fill_nameable()
        self.put(self.source, b"large", os.urandom(70_000_000), 1_600_000_000_000_000_000)
        self.archive("", "", "--archive-volume", "20M")
        found, shown = self.restored()
        files = {k: v for k, v in self.tree(self.source).items() if v}
        self.assertEqual({k: v for k, v in found.items() if v}, files)
        self.assertIn(b"empty/folder", found)
        self.assertEqual(shown["run"]["files"], len(files))

    def grade(self, shown):
        return shown["attempts"][-1]["report"]["validation"][0]

    def test_what_was_restored_is_compared_with_what_came_out_of_the_archive(self):
        # One tells no hashes.
        dav = self.enterContext(WebDav(self.stack.dir / "dav"))
        self.stack.remote("dav", dav.settings())
        names = self.fill_nameable()
        self.archive("", "", "--encrypt")
        count = len(names)
        for place, grade in (("dav:back", "size"), (f"disk:{self.files}/back", "hash")):
            run = self.stack.json("restore", "nightly", "--to", place)["run"]
            shown = self.stack.wait(run)
            self.assertEqual(shown["run"]["state"], "succeeded", shown)
            report = self.grade(shown)
            self.assertEqual((report["grade"], report["compared"], report["missing"]),
                             (grade, count, 0), place)
        self.assertEqual({k: v for k, v in self.tree(self.files / "back").items() if v},
                         {k: v for k, v in self.tree(self.source).items() if v})

    def test_archives_that_retention_lets_go_are_removed_with_all_their_parts(self):
        self.put(self.source, b"noise", os.urandom(2_500_000), 1_600_000_000_000_000_000)
        first = self.archive("", "", "--archive-volume", "1M", "--keep-last", "1", "--encrypt")
        before = set(p.name for p in self.target.rglob("*"))
        second = self.stack.wait(self.stack.run("nightly"))["run"]["run"]
        prune = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"]
                     if r["trigger"] == "retention" and r["state"] in TERMINAL], "a prune")[0]
        self.assertEqual(prune["state"], "succeeded")
        self.assertEqual(self.stack.show(prune["run"])["run"]["deletes"], 4)
        folders = {p.name for p in self.target.iterdir()}
        left = {p.name for p in self.target.rglob("*")} - folders
        self.assertEqual(len(left), 4)
        self.assertFalse(left & before)
        versions = self.stack.json("versions", "list", "nightly")["versions"]
        self.assertEqual([v["run"] for v in versions if v["state"] == "kept"], [second])
        self.stack.dray("restore", "nightly", "--at", first["run"]["run"], "--to",
                        f"disk:{self.files}/gone", expect=NOT_FOUND)
        found, _ = self.restored()
        self.assertEqual(found[b"noise"], self.tree(self.source)[b"noise"])

    def drilled(self, state):
        found = self.stack.wait_until(
            lambda: [r for r in self.stack.json("runs", "list")["runs"]
                     if r["trigger"] == "drill" and r["state"] in TERMINAL], "a drill")
        shown = self.stack.show(found[0]["run"])
        self.assertEqual(shown["run"]["state"], state, shown)
        return shown

    def test_a_drill_reads_the_archive_and_compares_it_with_its_manifest(self):
        self.fill_awkward(self.source)
        self.archive("", "", "--restore-drill", "daily", "--archive-volume", "1M")
        report = self.grade(self.drilled("succeeded"))
        self.assertEqual((report["grade"], report["compared"]), ("hash", len(AWKWARD)))
        self.assertEqual(len(os.listdir(self.target)), 1)

    def test_a_drill_finds_damage(self):
        self.fill_awkward(self.source)
        # Waits, so that the damage is done before.
        self.stack.job("nightly", f"disk:{self.source}", f"disk:{self.target}", "--kind", "archive",
                       "--restore-drill", "daily", "--retry-attempts", "1", "--bandwidth", "50k")
        self.put(self.source, b"noise", os.urandom(200_000))
        run = self.stack.run("nightly")
        self.stack.wait_for_rclone()
        self.stack.dray("settings", "set", "queue_paused", "true")
        self.stack.wait(run)
        volume = self.parts()[0][0]
        content = bytearray(volume.read_bytes())
        content[len(content) // 2] ^= 0xff
        volume.write_bytes(content)
        self.stack.dray("settings", "set", "queue_paused", "false")
        self.assertEqual(self.drilled("failed")["run"]["error_class"], "integrity")

    def test_a_part_of_an_archive_is_restored_and_a_dry_run_restores_nothing(self):
        self.fill_awkward(self.source)
        self.archive()
        self.assertEqual(self.restored("--dry-run")[0], {})
        found, _ = self.restored("--path", "sub")
        self.assertEqual({k for k, v in found.items() if v}, {b"sub/dir/deep file", b"sub/empty file"})


if __name__ == "__main__":
    main()
