"""What tests of archives share: sources with awkward names, and archives opened as anybody would."""

import json
import os
import subprocess

from harness import *

AWKWARD = [b"plain.txt", b" lead and trail ", b"new\nline", b"tab\tand \x01\x7f", b"bytes \xff\xfe.bin",
           "snowman ☃ ü.jpg".encode(), "symbol ␊ and ‛quote".encode(), b"-dash", b"back\\slash",
           b"percent%41?#&+", b"quote'\"<>|*:", b"sub/dir/deep file", b"sub/empty file"]


class ArchiveTest(StackTest):
    fetching = "serve"  # the rclone command that reads small objects of a remote

    def set_up(self):
        self.files = self.stack.dir / "files"
        self.source = self.files / "source"
        self.source.mkdir()
        self.stack.remote("disk", {"type": "local"})
        self.target = self.files / "target"
        self.target.mkdir()

    # ── What there is ─────────────────────────────────────────────────────────────────────────
    def put(self, root, name, content=b"", mtime_ns=None):
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        if mtime_ns:
            os.utime(path, ns=(mtime_ns, mtime_ns))

    def fill_awkward(self, root, names=AWKWARD):
        for i, name in enumerate(names):
            self.put(root, name, b"content of " + name * i, 1_600_000_000_123_456_789 + i * 10**9)
        os.makedirs(os.path.join(os.fsencode(root), b"empty/folder"))

    def tree(self, root):
        """Everything below: {path: (mtime in ns, content)}; a folder has no content."""
        root, found = os.fsencode(root), {}
        for folder, _, files in os.walk(root):
            found[os.path.relpath(folder, root)] = None
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = (os.stat(path).st_mtime_ns, file.read())
        return found

    # ── Archives ──────────────────────────────────────────────────────────────────────────────
    def archive(self, source="", to="", *flags, name="nightly", state="succeeded", deadline_s=90):
        self.stack.job(name, source or f"disk:{self.source}", to or f"disk:{self.target}",
                       "--kind", "archive", "--retry-attempts", "1", *flags)
        shown = self.stack.wait(self.stack.run(name), deadline_s=deadline_s)
        self.assertEqual(shown["run"]["state"], state, json.dumps(shown, indent=1))
        return shown

    def parts(self, root=None, name="nightly"):
        """The archive's volumes in order, and its manifest."""
        found = sorted(os.listdir((root or self.target) / name))
        volumes = [n for n in found if ".tar.zst" in n]
        manifests = [n for n in found if n.endswith(".manifest.jsonl.zst")]
        self.assertEqual(len(volumes) + len(manifests), len(found), found)
        folder = (root or self.target) / name
        return [folder / n for n in volumes], [folder / n for n in manifests]

    def unpack(self, volumes):
        """As docs/ARCHIVES.md says."""
        out = self.stack.dir / "out"
        out.mkdir()
        subprocess.run(["sh", "-c", 'cat "$@" | zstd -dc | tar -xpf - -C "$OUT"', "sh", *volumes],
                       check=True, env={**os.environ, "OUT": str(out)})
        return out

    def assert_archive_equals(self, tree, root=None):
        volumes, _ = self.parts(root)
        self.assertEqual(self.tree(self.unpack(volumes)), tree)

    def manifest(self, root=None):
        _, manifests = self.parts(root)
        text = subprocess.run(["zstd", "-dc", manifests[0]], check=True, stdout=subprocess.PIPE).stdout
        return [json.loads(line) for line in text.splitlines()]

    def bare_rclone(self, verb, source, target, server):
        config = self.stack.dir / "bare.conf"
        config.write_text("[s3]\n" + "".join(f"{k} = {v}\n" for k, v in server.settings().items()))
        subprocess.run(["rclone", verb, source, target, "--config", config], check=True,
                       stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def restored(self, *flags, deadline_s=120):
        """What `dray restore` brings back, and the run that did it."""
        out = self.files / "restored"
        run = self.stack.json("restore", "nightly", "--to", f"disk:{out}", *flags)["run"]
        shown = self.stack.wait(run, deadline_s=deadline_s)
        self.assertEqual(shown["run"]["state"], "succeeded", json.dumps(shown, indent=1))
        return self.tree(out) if out.exists() else {}, shown

    def fill_nameable(self):
        # rclone cannot name files whose names are no UTF-8: tar brings those back.
        names = [n for n in AWKWARD if b"\xff" not in n and b"quote" != n[-5:]]
        self.fill_awkward(self.source, names)
        return names
