"""What the tests of every SDK share: an S3 and the gateway, each a process of its own, and a look into both."""

import base64
import contextlib
import hashlib
import json
import os
import queue
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import requests

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1]
MIB = 1024 * 1024
HOUR = 60 * 60
MINUTE = 60
REQUEST_ID = re.compile(r"[0-9A-F]{24}")
# `./build.sh versitygw` puts Versity's gateway in the place of the local S3, and leaves out what that can't.
IS_VERSITY_GATEWAY = os.environ.get("E2E_S3") == "versitygw"
LEFT_OUT = dict(line.split("  ", 1) for line in (HERE / "versitygw-left-out.txt").read_text("utf-8").splitlines() if "  " in line)
KEYS = json.loads((HERE / "keys.json").read_text("utf-8"))
if IS_VERSITY_GATEWAY:
    KEYS = [case for case in KEYS if f"keeps {case['what']} in a key" not in LEFT_OUT]
# The record of a run, which the table in docs/compatibility.md is made of (compatibility.mjs).
RECORDS = PACKAGE / "target" / "compatibility"
# Whether all tests go through one function at origin request (fixture.mjs).
ONE_FUNCTION = os.environ.get("OSS_EDGE_TRIGGERS") == "origin-request"


class S3:
    """The S3 behind the gateway, and what it has."""

    def __init__(self):
        self.credentials = {"AWS_ACCESS_KEY_ID": secrets.token_hex(10), "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
        self._process = start_node("tests/e2e/s3.mjs", env=self.credentials, stdin=subprocess.PIPE)
        self.fixture = self._answer()

    def get(self, key, bucket=None):
        """An object with the `length` and the `sha256` of its body, or None."""
        return self._ask("get", key, bucket or self.fixture["bucket"])

    def everything(self):
        """Every object, and every file on disk: a part or an upload that was begun is seen as well."""
        return self._ask("everything")

    def empty(self):
        self._ask("empty")

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, what, *question):
        self._process.stdin.write(json.dumps({what: question}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        return json.loads(self._process.stdout.readline())


class Gateway:
    """`oss-edge serve` over these access keys, or a document of them, and the lines of its log.

    `options` of the command, and fields of the configuration other than the fixture's; None leaves one out."""

    def __init__(self, s3, access_keys, *options, **config):
        self.log = []
        self._lines = queue.Queue()
        self._folder = tempfile.TemporaryDirectory()
        self._function_log = Path(self._folder.name, "functions.jsonl")
        with tempfile.TemporaryDirectory() as folder:
            document = access_keys if isinstance(access_keys, dict) else {"accessKeys": access_keys}
            merged = {**s3.fixture["config"], **config}
            merged = {name: value for name, value in merged.items() if value is not None}
            files = {"config": merged, "access-keys": document}
            arguments = ["--port", "0", "--json", "--s3-endpoint", s3.fixture["endpoint"], *options]
            arguments += ["--function-log", str(self._function_log)]
            for name, document in files.items():
                file = Path(folder, f"{name}.json")
                file.write_text(json.dumps(document))
                arguments += [f"--{name}", str(file)]
            check = ["--import", "./tests/e2e/log-check-of-serve.mjs"]
            self._process = start_node(*check, "cli/oss-edge.mjs", "serve", *arguments, env=s3.credentials)
            first_line = self._process.stdout.readline()
        self.port = int(re.match(r"listening on http://127\.0\.0\.1:(\d+),", first_line)[1])
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def line_of(self, request_id):
        """The log's line of a request, which is written once its answer is sent."""
        while not (found := [line for line in self.log if line.get("ossRequestId") == request_id]):
            self.log.append(self._lines.get(timeout=30))
        return found[0]

    def close(self):
        """Ends the process; all of its log is in `log` then, and what its functions logged is as it should be."""
        self._process.terminate()
        status = self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        while not self._lines.empty():
            self.log.append(self._lines.get())
        checked = json.loads(Path(f"{self._function_log}.checked").read_text("utf-8"))
        self._folder.cleanup()
        if checked["problems"] or (self.log and not checked["lines"]):
            raise AssertionError(f"what the functions logged: {checked}")
        return status

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(json.loads(line))


def start_node(*arguments, env, **pipes):
    quiet = {"AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true"}
    pipes = {"stdout": subprocess.PIPE, "encoding": "utf-8", **pipes}
    return subprocess.Popen(["node", *arguments], cwd=PACKAGE, env={**os.environ, **quiet, **env}, **pipes)


def resolve_test_names():
    """Resolves every name under `.test` to this machine."""
    real = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        return real("127.0.0.1" if str(host).endswith(".test") else host, *arguments, **options)

    return mock.patch("socket.getaddrinfo", getaddrinfo)


def start_s3():
    """Starts the S3 for the tests of a module, which find it and the gateway under names of `.test`."""
    global s3
    names = resolve_test_names()
    names.start()
    unittest.addModuleCleanup(names.stop)
    s3 = S3()
    unittest.addModuleCleanup(s3.close)
    return s3


def start(user_agent):
    """Starts both for the tests of a module; when they ended, the gateway must have kept all rules.

    `user_agent` is the client's own: who uses a URL that it signed says so."""
    global signed_by
    signed_by = user_agent
    start_s3()
    gateway = Gateway(s3, s3.fixture["accessKeys"]["accessKeys"])
    unittest.addModuleCleanup(end, gateway)
    return s3, gateway


def end(gateway):
    status = gateway.close()
    broken = [line for line in gateway.log if "violation" in line]
    keys = s3.fixture["accessKeys"]["accessKeys"]
    hidden = [key[name] for key in keys for name in ("accessKeySecret", "securityToken") if name in key]
    leaked = [line for line in gateway.log if any(text in json.dumps(line) for text in hidden)]
    record(gateway.log)
    if (status, broken, leaked) != (0, [], []) or not gateway.log:
        raise AssertionError(f"the gateway ended with {status}; rules of CloudFront broken: {broken}; secrets logged: {leaked}")


def record(log):
    product = re.match("[a-z0-9-]+", signed_by)[0]
    RECORDS.mkdir(parents=True, exist_ok=True)
    RECORDS.joinpath(f"{product}.jsonl").write_text("".join(json.dumps({"userAgent": signed_by, **line}) + "\n" for line in log))


def md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def send(method, url, body=None, headers=None):
    """A signed URL as any HTTP client uses it, which knows nothing of OSS."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, data=body, headers={"User-Agent": signed_by, **(headers or {})}, timeout=30)


class UploadTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        name = ".".join(self.id().split(".")[1:])
        if IS_VERSITY_GATEWAY and name in LEFT_OUT:
            self.skipTest(LEFT_OUT[name].strip())
        # So that looking at everything doesn't take longer from test to test.
        s3.empty()

    def assert_stored(self, key, body, bucket=None, **expected):
        """S3 has these bytes under the key."""
        found = s3.get(key, bucket)
        self.assertIsNotNone(found, f"S3 has no {key}")
        self.assertEqual((found["length"], found["sha256"]), (len(body), hashlib.sha256(body).hexdigest()))
        for name, value in expected.items():
            self.assertEqual(found.get(name), value, name)

    @contextlib.contextmanager
    def s3_as_it_was(self):
        """Nothing in S3 changes."""
        beforehand = s3.everything()
        yield
        self.assertEqual(s3.everything(), beforehand)

    def assert_refused(self, status, code, method, url, body=b"refused", headers=None, message=None):
        """A request with a signed URL is refused by the gateway itself and leaves S3 as it was."""
        with self.s3_as_it_was():
            answer = send(method, url, body, headers)
        found = re.search("<Code>(.*?)</Code>", answer.text)
        self.assertEqual((answer.status_code, found and found[1]), (status, code), answer.text)
        self.assertRegex(answer.headers["x-oss-request-id"], REQUEST_ID)
        if message is not None:
            self.assertIn(f"<Message>{message}</Message>", answer.text)
        return answer
