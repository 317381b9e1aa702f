"""Google Drive and Dropbox on loopback, as far as rclone needs them to read, and the login in front of
them: access tokens that expire, refresh tokens that are good for one use, service accounts that sign
what they ask. A refresh token used a second time is refused and counted.

rclone cannot be told other addresses for these two, so tests that use this run in a network and mount
namespace of their own (in_own_world), where the clouds' names lead to 127.0.0.1 and our own CA is
trusted."""

import base64
import contextlib
import datetime
import hashlib
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from servers import Server

NAMES = ["www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com",
         "api.dropboxapi.com", "content.dropboxapi.com", "notify.dropboxapi.com"]
MARK = "DRAY_TEST_OWN_WORLD"
CA_FILE = "/etc/ssl/certs/ca-certificates.crt"


def in_own_world():
    """Runs this program again with a network and mounts of its own. Returns inside of it; False: the
    machine does not allow that."""
    if os.environ.get(MARK):
        make_world(pathlib.Path(os.environ[MARK]))
        return True
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True)
    if probe.returncode != 0 or not pathlib.Path(CA_FILE).exists():
        return False
    folder = tempfile.mkdtemp(prefix="dray-world-")
    done = subprocess.run(["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv],
                          env={**os.environ, MARK: folder})
    subprocess.run(["rm", "-rf", folder], check=True)
    sys.exit(done.returncode)


def make_world(folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    openssl = lambda *args: subprocess.run(["openssl", *args], check=True, capture_output=True,
                                           cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=clouds", "-keyout", "cloud.key",
            "-out", "cloud.csr")
    (folder / "names").write_text("subjectAltName=" + ",".join(f"DNS:{n}" for n in NAMES))
    openssl("x509", "-req", "-in", "cloud.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cloud.pem")
    (folder / "bundle").write_text(pathlib.Path(CA_FILE).read_text() +
                                   (folder / "ca.pem").read_text())
    (folder / "hosts").write_text("127.0.0.1 localhost " + " ".join(NAMES) + "\n")
    for ours, theirs in (("bundle", CA_FILE), ("hosts", "/etc/hosts")):
        subprocess.run(["mount", "--bind", folder / ours, theirs], check=True)


class Account:
    """One login: which tokens are good now."""

    # rclone takes a token for expired 10 s before its time: with this it renews at every request.
    LIFETIME_S = 1

    def __init__(self, name):
        self.name = name
        self.serial = 0
        self.refreshes = self.reuses = 0
        self.access, self.refresh = set(), None
        self.lock = threading.Lock()
        self.issue()

    def issue(self):
        self.serial += 1
        token = f"{self.name}-access-{self.serial}"
        self.access.add(token)  # requests under way may still show an older one
        self.refresh = f"{self.name}-refresh-{self.serial}"
        return token

    def token(self, expired=True):
        """As rclone keeps it: good to refresh from, and already expired unless said otherwise."""
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
            hours=-1 if expired else 1)
        return json.dumps({"access_token": f"{self.name}-access-{self.serial}", "token_type": "Bearer",
                           "refresh_token": self.refresh,
                           "expiry": at.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def expire(self):
        """No access token is good any more."""
        with self.lock:
            self.access = set()

    def use_refresh(self, token):
        with self.lock:
            if token != self.refresh:
                self.reuses += 1
                return None
            access = self.issue()
            self.refreshes += 1
            return {"access_token": access, "token_type": "Bearer", "refresh_token": self.refresh,
                    "expires_in": self.LIFETIME_S}


class ServiceAccount:
    """A user that is a program: it has a key, and asks for an access token with what it signs."""

    GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    def __init__(self, folder):
        self.key, self.public = folder / "service.key", folder / "service.pub"
        self.email = "backup@project.iam.gserviceaccount.com"
        self.logins = []  # the claims of each
        openssl = lambda *args: subprocess.run(["openssl", *args], check=True, capture_output=True)
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        openssl("pkey", "-in", self.key, "-pubout", "-out", self.public)

    def key_file(self, path):
        """As Google hands it out."""
        path.write_text(json.dumps({
            "type": "service_account", "project_id": "project", "private_key_id": "1",
            "private_key": self.key.read_text(), "client_email": self.email,
            "token_uri": "https://oauth2.googleapis.com/token"}))
        return path

    def claims(self, assertion):
        """What is asked for, if this account signed it."""
        head, body, signature = assertion.split(".")
        decoded = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        with tempfile.NamedTemporaryFile() as file:
            file.write(decoded(signature))
            file.flush()
            good = subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.public, "-signature",
                                   file.name], input=f"{head}.{body}".encode(), capture_output=True)
        return json.loads(decoded(body)) if good.returncode == 0 else None


class Cloud(Server):
    """Both clouds behind one address. `files`: name -> bytes, in one folder; `shared`: the same of each
    shared drive, by its id. `service`: the service account that may read those."""

    def __init__(self, folder=None):
        self.folder = pathlib.Path(folder or os.environ[MARK])
        self.files, self.shared = {}, {}
        self.service = None
        self.drive, self.dropbox = Account("drive"), Account("dropbox")
        self.refuse_listing = False
        self.hold = threading.Event()  # set: downloads go on
        self.hold.set()
        self.held = threading.Semaphore(0)  # one more for each download that waits

    def start(self):
        cloud = self

        class Handler(Answers):
            pass
        Handler.cloud = cloud
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # connections that were cut
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cloud.pem", self.folder / "cloud.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self, how=None):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud = None

    def log_message(self, *_):
        pass

    def reply(self, code, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def account(self):
        return self.cloud.drive if "google" in self.headers["Host"] else self.cloud.dropbox

    def admitted(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.account().access:
            return True
        self.reply(401, {"error": {"code": 401, "message": "Invalid Credentials",
                                   "errors": [{"reason": "authError"}]},
                         "error_summary": "expired_access_token/."})
        return False

    def download(self, data, **headers):
        """The first half at once, the rest when the test lets it go."""
        if self.cloud.hold.is_set():
            return self.reply(200, data, "application/octet-stream", **headers)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data[:len(data) // 2])
        self.wfile.flush()
        self.cloud.held.release()
        self.cloud.hold.wait()
        with contextlib.suppress(OSError):  # nobody may be there any more
            self.wfile.write(data[len(data) // 2:])

    # ── The login ─────────────────────────────────────────────────────────────────────────────
    def do_POST(self):
        path = urllib.parse.urlsplit(self.path).path
        data = self.body()
        if path in ("/token", "/1/oauth2/token", "/oauth2/token"):
            form = {k: v[0] for k, v in urllib.parse.parse_qs(data.decode()).items()}
            if form.get("grant_type") == ServiceAccount.GRANT:
                issued = self.service_login(form["assertion"])
            else:
                issued = self.account().use_refresh(form.get("refresh_token", ""))
            return self.reply(200, issued) if issued else self.reply(
                400, {"error": "invalid_grant", "error_description": "Token has been used."})
        if self.admitted():
            self.dropbox_call(path, json.loads(data or b"null"))

    def service_login(self, assertion):
        claims = self.cloud.service and self.cloud.service.claims(assertion)
        if not claims or claims["iss"] != self.cloud.service.email:
            return None
        self.cloud.service.logins.append(claims)
        with self.cloud.drive.lock:
            return {"access_token": self.cloud.drive.issue(), "token_type": "Bearer",
                    "expires_in": Account.LIFETIME_S}

    # ── Google Drive, version 3 ───────────────────────────────────────────────────────────────
    def drive_file(self, name, files, parent="root-id"):
        data = files[name]
        return {"id": "id-" + name, "name": name, "mimeType": "application/octet-stream",
                "size": str(len(data)), "md5Checksum": hashlib.md5(data).hexdigest(),
                "modifiedTime": "2026-01-02T03:04:05.000Z", "parents": [parent]}

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if not self.admitted():
            return None
        asked = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        if url.path == "/drive/v3/about":
            return self.reply(200, {"storageQuota": {"limit": "1000000", "usage": "1000", "usageInDrive": "1000",
                                                     "usageInDriveTrash": "10"}})
        if url.path == "/drive/v3/files/root":
            return self.reply(200, {"id": "root-id", "name": "My Drive",
                                    "mimeType": "application/vnd.google-apps.folder"})
        if url.path == "/drive/v3/files":
            if self.cloud.refuse_listing:
                return self.reply(403, {"error": {"code": 403, "message": "no access",
                                                  "errors": [{"reason": "forbidden"}]}})
            drive = asked.get("driveId", "root-id")
            if drive != "root-id" and (asked.get("corpora"), asked.get("supportsAllDrives")) != (
                    "drive", "true"):
                return self.reply(400, {"error": {"code": 400, "message": "not how drives are listed"}})
            files = self.cloud.shared.get(drive, self.cloud.files)
            return self.reply(200, {"files": [self.drive_file(n, files, drive) for n in files]})
        if url.path.startswith("/drive/v3/files/id-"):
            name = urllib.parse.unquote(url.path.removeprefix("/drive/v3/files/id-"))
            files = next(f for f in (self.cloud.files, *self.cloud.shared.values()) if name in f)
            if asked.get("alt") == "media":
                return self.download(files[name])
            return self.reply(200, self.drive_file(name, files))
        return self.reply(404, {"error": {"code": 404, "message": "not found: " + url.path}})

    # ── Dropbox, version 2 ────────────────────────────────────────────────────────────────────
    def dropbox_file(self, name):
        data = self.cloud.files[name]
        blocks = b"".join(hashlib.sha256(data[i:i + (4 << 20)]).digest()
                          for i in range(0, len(data), 4 << 20))
        return {".tag": "file", "name": name, "id": "id:" + name, "path_lower": "/" + name.lower(),
                "path_display": "/" + name, "size": len(data), "rev": "0123456789abc",
                "client_modified": "2026-01-02T03:04:05Z", "server_modified": "2026-01-02T03:04:05Z",
                "content_hash": hashlib.sha256(blocks).hexdigest(), "is_downloadable": True}

    def dropbox_call(self, path, question):
        if path == "/2/files/list_folder":
            if self.cloud.refuse_listing:
                return self.reply(409, {"error_summary": "path/restricted_content/.",
                                        "error": {".tag": "path",
                                                  "path": {".tag": "restricted_content"}}})
            return self.reply(200, {"entries": [self.dropbox_file(n) for n in self.cloud.files],
                                    "cursor": "c", "has_more": False})
        if path == "/2/users/get_space_usage":
            return self.reply(200, {"used": 1000, "allocation": {".tag": "individual",
                                                                 "allocated": 1000000}})
        if path == "/2/files/download":
            name = json.loads(self.headers["Dropbox-API-Arg"])["path"]
            name = next(n for n in self.cloud.files if name in ("id:" + n, "/" + n))
            return self.download(self.cloud.files[name],
                                 Dropbox_API_Result=json.dumps(self.dropbox_file(name)))
        return self.reply(409, {"error_summary": "not_found/.", "error": {".tag": "not_found"}})
