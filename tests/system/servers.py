"""Real servers on loopback for the system tests. Each is a context manager, listens on a port the
kernel chose, and dies with the test program."""

import ctypes
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import threading

HERE = pathlib.Path(__file__).resolve().parent
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_line(process, stream, wanted, deadline_s=30):
    """Reads lines of a child's output until one holds `wanted`; then drains the rest in a thread, so
    that the child never blocks on a full pipe."""
    selector = selectors.DefaultSelector()
    selector.register(stream, selectors.EVENT_READ)
    seen = b""
    while wanted not in seen:
        if not selector.select(deadline_s):
            raise TimeoutError(f"{process.args[0]} did not say {wanted!r}; it said {seen!r}")
        chunk = os.read(stream.fileno(), 65536)
        if not chunk:
            raise RuntimeError(f"{process.args[0]} ended: {seen!r}")
        seen += chunk
    threading.Thread(target=_drain, args=(stream,), daemon=True).start()
    return seen.decode(errors="replace")


def _drain(stream):
    while os.read(stream.fileno(), 65536):
        pass


def obscure(password):
    """rclone's reversible form of a password, as its config files hold it."""
    return subprocess.run(["rclone", "obscure", "-"], input=password, text=True, check=True,
                          capture_output=True).stdout.strip()


class Server:
    process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def spawn(self, argv, **options):
        self.process = subprocess.Popen(argv, preexec_fn=die_with_parent, stdin=subprocess.DEVNULL,
                                        **options)
        return self.process

    def stop(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class WebDav(Server):
    """rclone serve webdav over a folder, with a password."""

    def __init__(self, root, user="dav", password="dav-secret"):
        self.root, self.user, self.password = pathlib.Path(root), user, password
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()

    def start(self):
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "RCLONE_USER": self.user,
               "RCLONE_PASS": self.password}
        self.spawn(["rclone", "serve", "webdav", str(self.root), "--addr", f"127.0.0.1:{self.port}",
                    "--config", "/dev/null", "--dir-cache-time", "0s"],
                   env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_for_line(self.process, self.process.stderr, b"WebDav Server started")

    def settings(self, **changes):
        return {"type": "webdav", "url": f"http://127.0.0.1:{self.port}", "vendor": "other",
                "user": self.user, "pass": obscure(self.password), **changes}


class Sftp(Server):
    """OpenSSH's sftp server for the current user, by key, below a folder."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.dir = pathlib.Path(str(self.root) + ".sshd")

    def start(self):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        for name in ("host", "user"):
            if not (self.dir / name).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                                str(self.dir / name)], check=True)
        shutil.copy(self.dir / "user.pub", self.dir / "authorized_keys")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        (self.dir / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.dir}/host\n"
            f"AuthorizedKeysFile {self.dir}/authorized_keys\nStrictModes no\nUsePAM no\n"
            f"PidFile none\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 200\n"
            f"MaxSessions 200\nSubsystem sftp internal-sftp\n")
        self.spawn(["/usr/sbin/sshd", "-D", "-e", "-f", str(self.dir / "sshd_config")],
                   stderr=subprocess.PIPE)
        wait_for_line(self.process, self.process.stderr, b"Server listening")

    def settings(self, **changes):
        return {"type": "sftp", "host": "127.0.0.1", "port": str(self.port),
                "user": os.environ.get("USER") or "root", "key_file": str(self.dir / "user"),
                "shell_type": "unix", "md5sum_command": "none", "sha1sum_command": "none",
                **changes}


class S3(Server):
    """s3rver from npm (tests/system/package.json)."""

    key, secret = "S3RVER", "S3RVER"

    def __init__(self, root, buckets=("data",)):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.buckets = buckets
        self.port = free_port()

    def start(self):
        program = HERE / "node_modules/s3rver/bin/s3rver.js"
        flags = [part for name in self.buckets for part in ("--configure-bucket", name)]
        self.spawn(["node", str(program), "-d", str(self.root), "-a", "127.0.0.1", "-p",
                    str(self.port), *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_for_line(self.process, self.process.stdout, b"listening")

    def settings(self, **changes):
        return {"type": "s3", "provider": "Other", "access_key_id": self.key,
                "secret_access_key": self.secret, "endpoint": f"http://127.0.0.1:{self.port}",
                "region": "us-east-1", "force_path_style": "true", "no_check_bucket": "true",
                **changes}


class Silent(Server):
    """Accepts every connection and never answers: the remote that hangs."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]

    def start(self):
        pass

    def stop(self, how=None):
        self.socket.close()
