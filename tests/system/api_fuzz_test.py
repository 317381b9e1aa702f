"""Requests that are drawn from the contract and then bent: whatever comes in, the server answers with what the
contract allows, and it is never its own fault."""

import json
import os
import random
import urllib.parse

import api
from api_test import ApiTest
from harness import main

COUNT = int(os.environ.get("DRAY_FUZZ_REQUESTS", "1500"))
# What would end this very test, or stands in no request that a client of ours could have made.
LEFT_OUT = {("POST", "/logout"), ("GET", "/events")}
STRANGE = ["", " ", "x" * 5000, "..", "../../etc/passwd", "a/b", "%", "\x00", "\u202e", "ü", "'", '"; DROP',
           "-1", "0", "99999999999999999999", "null", "default", "photos", "disk", "1"]


class Bender:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, schema, depth=0):
        """Something that the schema allows, or nearly."""
        while "$ref" in schema:
            schema = api.CONTRACT["components"]["schemas"][schema["$ref"].split("/")[-1]]
        draw = self.random
        if draw.random() < 0.08 or depth > 6:
            return draw.choice([None, True, -1, 2**63, 1.5, "", "x" * 3000, [], {}, [[]], {"a": {"a": 1}}])
        if "oneOf" in schema:
            return self.value(draw.choice(schema["oneOf"]), depth + 1)
        if "enum" in schema:
            return draw.choice(schema["enum"])
        kind = schema.get("type", "string")
        kind = draw.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            properties = schema.get("properties", {})
            body = {name: self.value(inner, depth + 1) for name, inner in properties.items()
                    if draw.random() < (0.9 if name in schema.get("required", ()) else 0.3)}
            if draw.random() < 0.05:
                body[draw.choice(STRANGE)] = 1
            return body
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(draw.randrange(4))]
        if kind == "integer":
            return draw.choice([0, 1, 2, 5, 100, schema.get("maximum", 10**6), -5])
        return {"boolean": draw.random() < 0.5, "null": None, "number": 0.5}.get(kind) \
            if kind != "string" else draw.choice(STRANGE)

    def request(self, method, path, item, operation):
        draw = self.random
        for part in (*item.get("parameters", ()), *operation.get("parameters", ())):
            name = part.get("name") or part["$ref"].split("/")[-1]
            path = path.replace(f"{{{name}}}", urllib.parse.quote(draw.choice(STRANGE) or "x", safe=""))
        names = [api.CONTRACT["components"]["parameters"][p["$ref"].split("/")[-1]]["name"]
                 if "$ref" in p else p["name"] for p in operation.get("parameters", ())]
        query = {name: draw.choice(STRANGE) for name in names if draw.random() < 0.3}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = json.dumps(self.value(content["schema"])) if content else None
        if body and draw.random() < 0.03:
            body = body[:draw.randrange(len(body) + 1)]
        return method.upper(), path, body


class TestBentRequests(ApiTest):
    def test_no_request_is_the_servers_fault(self):
        seed = int(os.environ.get("DRAY_FUZZ_SEED", "0")) or random.randrange(1, 10**9)
        bender = Bender(seed)
        self.add_remote()
        self.add_job()
        operations = [(method, path, item, operation) for path, item in api.CONTRACT["paths"].items()
                      for method, operation in item.items()
                      if method != "parameters" and (method.upper(), path) not in LEFT_OUT]
        for number in range(COUNT):
            method, path, body = bender.request(*bender.random.choice(operations))
            headers = {"Content-Type": "application/json"} if body is not None else {}
            answer = self.admin.raw(method, api.BASE + path, body, headers)
            told = f"DRAY_FUZZ_SEED={seed}, request {number}: {method} {path} {body}: {answer.status} {answer.body[:500]}"
            self.assertIn(answer.status // 100, (2, 4, 5), told)
            # 503 and 504: a worker or receiver that the request names is away.
            self.assertNotIn(answer.status, (500, 501, 502), told)
            if answer.status >= 400:
                self.assertEqual(answer.type, "application/problem+json", told)
                api.check_schema(api.CONTRACT["components"]["schemas"]["Problem"], answer.json)
        for name in ("notifier", "drayd", "broker"):
            self.assertIsNone(self.stack.processes[name].poll(), f"{name} ended; DRAY_FUZZ_SEED={seed}")
        self.assertEqual(self.admin.raw("GET", "/readyz").status, 200)


if __name__ == "__main__":
    main()
