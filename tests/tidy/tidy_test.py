"""The rules of the house as a test: who may include whom, how large files and functions get, which
calls are banned, and that every source file says what it must."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A room may include itself and these.
LAYERS = {
    "daemon/base": [],
    "schemas": ["daemon/base"],
    "broker": ["schemas", "daemon/base"],
    "daemon/store": ["schemas", "daemon/base"],
    "daemon/scheduler": ["daemon/store", "broker", "schemas", "daemon/base"],
    "daemon/notifier": ["daemon/store", "workers", "broker", "schemas", "daemon/base"],
    "workers": ["broker", "schemas", "daemon/base"],
    "ops": ["workers", "broker", "schemas", "daemon/base"],
}

# A library's header stands in these files only, so that it can be exchanged.
ONLY_IN = {
    r"zmq\.hpp|zmq\.h": r"broker/(zmq_\w+|zap\w*|curve_\w+)\.cc",
    r"msgpack\.hpp": r"schemas/(wire|heads)\.cc",
    r"SQLiteCpp/.*|sqlite3\.h": r"daemon/(store|scheduler|notifier)/\w*(store|sql)\w*\.(cc|h)",
    r"spdlog/.*": r"daemon/base/log\w*\.cc",
    r"toml\+\+/.*": r"daemon/base/toml_text\.h",
    r"simdjson\.h": r"workers/\w+\.cc",
    r"CLI/.*": r"ops/.*\.cc",
    r"curl/.*": r"daemon/notifier/sender\w*\.(cc|h)",
    r"sodium\.h": r"(daemon/base|broker)/\w+\.cc",
}

BANNED = {
    r"\bsleep_for\b|\busleep\(|\bnanosleep\(|(?<![\w.])sleep\(": "wait for an event with a deadline",
    r"\bstd::system\(|(?<![\w:.])popen\(": "start programs with an argument vector",
    r"\b(system_clock|steady_clock|high_resolution_clock)::now\(": "ask daemon/base/time.h, pass Now in",
    r"\bstd::(rand|random_device)\b|(?<![\w:.])rand\(": "ask daemon/base/random.h",
    r"\b(TODO|FIXME|XXX|HACK)\b": "finish it or leave it out",
    r"using namespace (std|boost)\s*;": "name what you use",
}

# In the product only: a test reaps whatever its subject left to it.
BANNED_IN_PRODUCT = {r"\bwaitpid\(\s*-1": "wait for the child you own, by pidfd"}

MAX_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_MAIN_LINES = 80


def sources(*folders):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *folders], cwd=ROOT,
                            text=True, capture_output=True, check=True).stdout.split("\n")
    return [ROOT / f for f in listed if f.endswith((".h", ".cc")) and (ROOT / f).exists()]


def product():
    return sources(*LAYERS)


def name(path):
    return str(path.relative_to(ROOT))


def room(path):
    return next((r for r in sorted(LAYERS, key=len, reverse=True) if path.startswith(r + "/")), None)


def expression(text, start):
    """From there to the semicolon or closing bracket that ends it."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0 or (depth == 0 and text[at] == ";"):
            return text[start:at]
    return text[start:]


class Tidy(unittest.TestCase):
    def none(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_includes_go_one_way(self):
        problems = []
        for path in product():
            mine = room(name(path))
            for included in re.findall(r'#include "([^"]+)"', path.read_text()):
                other = room(included)
                if other != mine and other not in LAYERS[mine]:
                    problems.append(f"{name(path)} includes {included}")
        self.none(problems)

    def test_each_library_has_its_place(self):
        problems = []
        for path in product():
            for included in re.findall(r"#include <([^>]+)>", path.read_text()):
                for header, places in ONLY_IN.items():
                    if re.fullmatch(header, included) and not re.fullmatch(places, name(path)):
                        problems.append(f"{name(path)} includes <{included}>; allowed in {places}")
        self.none(problems)

    def test_banned_calls_are_not_used(self):
        problems = []
        own = set(product())
        for path in sorted(own) + sources("tests"):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                code = line.split("//")[0] if "TODO" not in line else line
                for pattern, instead in (BANNED | (BANNED_IN_PRODUCT if path in own else {})).items():
                    if re.search(pattern, code):
                        problems.append(f"{name(path)}:{number}: {line.strip()}  ({instead})")
        self.none(problems)

    def test_files_stay_small(self):
        self.none([f"{name(p)}: {n} lines" for p in product() + sources("tests")
                   if (n := len(p.read_text().split("\n"))) > MAX_LINES])

    def test_nothing_is_awaited_with_temporaries_that_the_compiler_destroys_twice(self):
        problems = []
        for path in product():
            text = re.sub(r'//[^\n]*|"(?:\\.|[^"\\\n])*"', lambda m: " " * len(m[0]), path.read_text())
            for found in re.finditer(r"\bco_await\b", text):
                if re.search(r"[{?]", awaited := expression(text, found.end())):
                    line = text.count("\n", 0, found.start()) + 1
                    problems.append(f"{name(path)}:{line}: co_await{awaited}  (see exchange.h)")
        self.none(problems)

    def test_main_is_only_wiring(self):
        self.none([f"{name(p)}: {n} lines" for p in product() if p.name == "main.cc"
                   and (n := len(p.read_text().split("\n"))) > MAX_MAIN_LINES])

    def test_functions_stay_small(self):
        problems = []
        for path in product():
            start = None
            for number, line in enumerate(path.read_text().split("\n"), 1):
                # The formatter puts a function's head at column 0 or 2 and its end brace below it.
                if start is None and re.match(r"(  )?[\w:<>~&*\[\]].*\)( const| noexcept| override)* \{$", line):
                    indent = len(line) - len(line.lstrip())
                    start = number
                elif start is not None and line == " " * indent + "}":
                    if number - start > MAX_FUNCTION_LINES:
                        problems.append(f"{name(path)}:{start}: {number - start} lines")
                    start = None
        self.none(problems)

    def test_headers_are_included_once_and_say_what_they_are(self):
        problems = []
        for path in product():
            text = path.read_text()
            if path.suffix == ".h" and "#pragma once" not in text:
                problems.append(f"{name(path)}: no #pragma once")
            if path.suffix == ".h" and not text.startswith("//"):
                problems.append(f"{name(path)}: does not begin by saying what it is for")
        self.none(problems)


if __name__ == "__main__":
    unittest.main(verbosity=2)
