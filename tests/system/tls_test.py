"""The API over TLS of its own: what a browser gets, how it is counted, and a certificate that is renewed."""

import json
import signal
import socket
import ssl
import subprocess

import api
from api_test import ApiTest
from harness import Stack, main


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True)


class TlsStack(Stack):
    def __enter__(self):
        make_certificate(self.dir, "first")
        self.notifier = (f'tls_certificate = "{self.dir}/cert.pem"\ntls_key = "{self.dir}/key.pem"\n')
        return super().__enter__()


class TestTls(ApiTest):
    stack_class = TlsStack

    def ask(self, path, token=None):
        """(head, body) and the certificate of the server."""
        context = ssl._create_unverified_context()
        with socket.create_connection((self.admin.address.hostname, self.admin.address.port)) as plain, \
                context.wrap_socket(plain) as s:
            shown = s.getpeercert(True)
            head = f"Authorization: Bearer {token}\r\n" if token else ""
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n".encode())
            answer = b""
            while data := s.recv(65536):
                answer += data
        head, body = answer.split(b"\r\n\r\n", 1)
        return head.decode(), body, shown

    def test_answers_come_encrypted_and_say_so(self):
        head, body, _ = self.ask("/api/v1/openapi.yaml")
        self.assertTrue(head.startswith("HTTP/1.1 200"), head)
        self.assertIn("Strict-Transport-Security", head)
        self.assertIn(f"Content-Length: {len(body)}", head)
        self.assertEqual(api.yaml.safe_load(body), api.CONTRACT)
        token = self.admin.headers["Authorization"].split()[1]
        _, body, _ = self.ask("/api/server/connection_health", token)
        mine = json.loads(body)["connections"][-1]
        self.assertEqual((mine["tls"], mine["partial_clears"]), (True, 0))
        self.assertGreater(mine["bytes_in"], 200)

    def test_a_renewed_certificate_is_taken_without_a_restart(self):
        _, _, before = self.ask("/healthz")
        make_certificate(self.stack.dir, "second")
        self.stack.processes["notifier"].send_signal(signal.SIGHUP)
        self.stack.wait_until(lambda: self.ask("/healthz")[2] != before, "the other certificate")

    def test_plain_http_is_not_answered(self):
        with socket.create_connection((self.admin.address.hostname, self.admin.address.port)) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", s.recv(65536))


if __name__ == "__main__":
    main()
