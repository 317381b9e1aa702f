"""Real servers on loopback for the system tests. Each is a context manager, listens on a port the
kernel chose, and dies with the test program."""

import contextlib
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


_held_ports = []


def free_port():
    """A port that stays free until a server of this program listens on it. A socket that never listens
    holds it: the kernel gives it to nobody who asks for any port, and servers, which all set
    SO_REUSEADDR, may share it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held_ports.append(holder)
    return holder.getsockname()[1]


def wait_for_line(process, stream, wanted, deadline_s=120):
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


class Ftp(Server):
    """pyftpdlib over a folder, without TLS."""

    python = "/usr/bin/python3"  # where Debian's packages are

    def __init__(self, root, user="ftp-user", password="ftp-secret"):
        self.root, self.user, self.password = pathlib.Path(root), user, password
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()

    @classmethod
    def installed(cls):
        return subprocess.run([cls.python, "-c", "import pyftpdlib"],
                              capture_output=True).returncode == 0

    def start(self):
        self.spawn([self.python, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(self.port), "-w",
                    "-d", str(self.root), "-u", self.user, "-P", self.password],
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for_line(self.process, self.process.stderr, b"starting FTP server")


class Samba(Server):
    """smbd with one share, for the current user, who has to be root."""

    user, password, share = "root", "smb-secret", "data"

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.dir = pathlib.Path(str(self.root) + ".smb")

    @staticmethod
    def installed():
        return os.geteuid() == 0 and shutil.which("smbd") and shutil.which("smbpasswd")

    def start(self):
        places = ["lock", "state", "cache", "pid", "private", "ncalrpc"]
        for name in places:
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        conf = self.dir / "smb.conf"
        conf.write_text(
            f"[global]\nserver role = standalone server\nsmb ports = {self.port}\n"
            f"interfaces = 127.0.0.1\nbind interfaces only = yes\ndisable netbios = yes\n"
            f"lock directory = {self.dir}/lock\nstate directory = {self.dir}/state\n"
            f"cache directory = {self.dir}/cache\npid directory = {self.dir}/pid\n"
            f"private dir = {self.dir}/private\nncalrpc dir = {self.dir}/ncalrpc\n"
            f"passdb backend = tdbsam:{self.dir}/private/passdb.tdb\nload printers = no\n"
            f"log level = 3\n[{self.share}]\npath = {self.root}\nread only = no\n")
        subprocess.run(["smbpasswd", "-c", str(conf), "-s", "-a", self.user], check=True, text=True,
                       input=f"{self.password}\n{self.password}\n", capture_output=True)
        self.spawn(["smbd", "--foreground", "--no-process-group", "--debug-stdout", "-s",
                    str(conf)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_for_line(self.process, self.process.stdout, b"waiting for connections")

    def stop(self, how=signal.SIGKILL):
        super().stop(how)
        # It starts helpers in sessions of their own.
        for entry in pathlib.Path("/proc").iterdir():
            try:
                argv = (entry / "cmdline").read_bytes()
                if entry.name.isdigit() and str(self.dir).encode() in argv:
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                pass  # it has ended


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


class Proxy(Server):
    """Stands in front of an HTTP server and passes on what goes to and fro, but for what `meets` holds
    back or answers itself."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self, how=None):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()

    def meets(self, request):
        """None: it is passed on. Otherwise the answer to it; an empty one is never given, neither to it
        nor to what follows on its connection."""
        raise NotImplementedError

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        held = False
        with client, socket.create_connection(("127.0.0.1", self.target_port)) as server, \
                selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    # A client writes the head of a request in one piece, and the next one after the
                    # answer.
                    answer = self.meets(data) if key.fileobj is client and not held else None
                    held = held or answer == b""
                    if answer:
                        client.sendall(answer)
                    elif not held:
                        key.data.sendall(data)


class Gate(Proxy):
    """Holds back requests of one method, all but the first few, for as long as it lives: whoever sends
    them is caught in the act, however slow the machine is."""

    def __init__(self, target_port, method, allowed):
        super().__init__(target_port)
        self.method, self.allowed = method.encode() + b" ", allowed
        self.lock = threading.Lock()

    def meets(self, request):
        if not request.startswith(self.method):
            return None
        with self.lock:
            self.allowed -= 1
            return None if self.allowed >= 0 else b""


class Refusing(Proxy):
    """Refuses to give the file with this name."""

    def __init__(self, target_port, path):
        super().__init__(target_port)
        self.wanted = f"GET {path} ".encode()

    def meets(self, request):
        if not request.startswith(self.wanted):
            return None
        return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
