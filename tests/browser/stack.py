"""The world behind the browser: the stack and the servers of tests/system, commanded by lines of JSON
on standard input. Each command {"id", "do", ...} is answered by {"id", "value"} or {"id", "error"}.
Everything ends with standard input."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from harness import SOURCE_DIR, Stack
from servers import Ftp, S3, Samba, Sftp, WebDav, free_port

WEB_DIR = os.environ.get("DRAY_WEB_DIR", str(SOURCE_DIR / "build/web"))


class Web(Stack):
    """A stack with a notifier that serves the page."""

    def __init__(self, notifier_config="", **options):
        self.port, self.notifier_config = free_port(), notifier_config
        super().__init__(notifier=True, **options)

    def render_config(self, name):
        # The section is the last one. The port stays the same over restarts: pages are open.
        others, _, _ = super().render_config(name).partition("[notifier]")
        if name != "notifier":
            return others
        return f"""{others}
[notifier]
listen = ["127.0.0.1:{self.port}"]
web_dir = "{WEB_DIR}"
{self.notifier_config}
"""


class World:
    servers = {"webdav": WebDav, "sftp": Sftp, "s3": S3, "ftp": Ftp, "smb": Samba}

    def __init__(self, stack):
        self.stack = stack
        self.running = []

    def where(self):
        return {"url": f"http://127.0.0.1:{self.stack.port}", "dir": str(self.stack.dir),
                "files": str(self.stack.dir / "files")}

    def setup_link(self):
        """The one-time link with which the first user is made."""
        return (self.stack.dir / "data/notifier/setup-link").read_text().strip()

    def serve(self, kind, folder):
        """Starts a real server over a folder of the stack's files."""
        root = self.stack.dir / "files" / folder
        kind_class = self.servers[kind]
        if kind in ("ftp", "smb") and not kind_class.installed():
            return None
        server = kind_class(root)
        server.start()
        self.running.append(server)
        facts = {"port": server.port, "root": str(root)}
        for name in ("user", "password", "share", "key", "secret"):
            if hasattr(server, name):
                facts[name] = getattr(server, name)
        if kind == "sftp":
            facts["user"] = server.settings()["user"]
            facts["private_key"] = (server.dir / "user").read_text()
        return facts

    def make_files(self, folder, count, size):
        root = self.stack.dir / "files" / folder
        root.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (root / f"file {i:04}.bin").write_bytes(os.urandom(size))
        return str(root)

    def write_file(self, path, text):
        target = self.stack.dir / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def remove_files(self, folder, keep):
        """All but the first few."""
        files = sorted(p for p in (self.stack.dir / "files" / folder).rglob("*") if p.is_file())
        for path in files[keep:]:
            path.unlink()

    def tree(self, folder):
        root = self.stack.dir / "files" / folder
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())

    def read_file(self, path):
        return (self.stack.dir / "files" / path).read_text(errors="replace")

    def dray(self, args, input=None):
        return self.stack.dray(*args, input=input).stdout

    def dray_json(self, args):
        return self.stack.json(*args)

    def remote(self, name, settings):
        self.stack.remote(name, settings)

    def restart(self, name):
        self.stack.restart(name)

    def kill(self, name):
        self.stack.kill(name)

    def start(self, name):
        self.stack.start(name)

    def wait(self, run, states):
        return self.stack.wait(run, set(states))["run"]

    def close(self):
        for server in self.running:
            server.stop()


def main():
    options = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    with Web(**options) as stack:
        world = World(stack)
        try:
            for line in sys.stdin:
                command = json.loads(line)
                answer = {"id": command.pop("id")}
                try:
                    answer["value"] = getattr(world, command.pop("do"))(**command)
                except Exception as error:  # told to whoever asked
                    answer["error"] = f"{type(error).__name__}: {error}"
                print(json.dumps(answer), flush=True)
        finally:
            world.close()


if __name__ == "__main__":
    main()
