"""A program that uses the API: every answer that it gets is checked against schemas/openapi.yaml."""

import http.client
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

from harness import SOURCE_DIR

CONTRACT = yaml.safe_load((SOURCE_DIR / "schemas/openapi.yaml").read_text())
BASE = "/api/v1"


def closed(part):
    """The contract without room for fields that it does not name."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    whole = {key: closed(value) for key, value in part.items()}
    if whole.get("type") == "object" and isinstance(whole.get("properties"), dict):
        whole.setdefault("additionalProperties", False)
    return whole


RESOLVER = jsonschema.RefResolver("", closed(CONTRACT))


def find_operation(method, path):
    """The operation of the contract that a request asks for, with its path's pattern."""
    path = path.split("?")[0]
    if not path.startswith(BASE):
        return None, None
    path = path[len(BASE):]
    found = []
    for pattern, item in CONTRACT["paths"].items():
        expression = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern))
        if re.fullmatch(expression, path) and method.lower() in item:
            found.append((pattern.count("{"), pattern, item[method.lower()]))
    return min(found)[1:] if found else (None, None)


def check_schema(schema, value):
    jsonschema.Draft202012Validator(closed(schema), resolver=RESOLVER).validate(value)


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body
        self.type = (response.getheader("Content-Type") or "").split(";")[0]

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Speaks with a token or, after a login, with the cookie of a session."""

    seen = set()  # (method, pattern, status) of all clients

    def __init__(self, address, token=None, headers=None):
        self.address = urllib.parse.urlparse(address)
        self.headers = dict(headers or {})
        self.cookie = None
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
        try:
            sent = dict(self.headers)
            if self.cookie:
                sent["Cookie"] = self.cookie
            sent.update(headers or {})
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def say(self, method, path, body=None, expect=200, headers=None):
        sent = dict(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        answer = self.raw(method, BASE + path, data, sent)
        assert answer.status == expect, f"{method} {path}: {answer.status} {answer.body[:2000]}"
        self.check(method, BASE + path, answer)
        if expect < 400 and body is not None:
            asked = find_operation(method, BASE + path)[1]["requestBody"]["content"]["application/json"]
            check_schema(asked["schema"], body)
        return answer

    def ask(self, method, path, body=None, expect=200, headers=None):
        answer = self.say(method, path, body, expect, headers)
        return answer.json if answer.body and answer.type.endswith("json") else answer

    def get_tag(self, path):
        return self.say("GET", path).headers["ETag"]

    def check(self, method, path, answer):
        pattern, operation = find_operation(method, path)
        assert operation, f"{method} {path} is not in the contract"
        Client.seen.add((method, pattern, answer.status))
        if answer.status >= 400:
            assert answer.type == "application/problem+json", answer.headers
            return check_schema(CONTRACT["components"]["schemas"]["Problem"], answer.json)
        described = operation["responses"][str(answer.status)].get("content")
        if not described:
            assert answer.body == b"", answer.body
            return
        assert answer.type in described, f"{method} {path}: {answer.type}"
        if answer.type == "application/json":
            check_schema(described[answer.type]["schema"], answer.json)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, body=None, expect=200, **options):
        return self.ask("POST", path, body, expect, **options)

    def login(self, name, password, expect=200):
        answer = self.raw("POST", BASE + "/login", json.dumps({"name": name, "password": password}),
                          {"Content-Type": "application/json"})
        assert answer.status == expect, answer.body
        self.check("POST", BASE + "/login", answer)
        if expect == 200:
            self.take_session(answer)
        return answer

    def take_session(self, answer):
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie
        self.cookie = cookie.split(";")[0]
        self.headers["X-Dray-Csrf"] = answer.json["csrf"]


def address_of(stack):
    return (pathlib.Path(stack.dir) / "data/notifier/address").read_text().strip()


def token(stack, name, scope, client=None, *flags):
    limit = ["--client", client] if client else []
    return stack.dray("token", "create", name, "--scope", scope, *limit, *flags).stdout.strip()


def multipart(fields, file_name, content, boundary="----dray-test"):
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields.items()]
    head = "".join(parts) + (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
                             f'filename="{file_name}"\r\nContent-Type: application/octet-stream'
                             "\r\n\r\n")
    return (head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={boundary}"})
