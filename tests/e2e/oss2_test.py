"""oss2 uploads through the gateway, a process of its own; what arrived is read from S3, another one."""

import base64
import contextlib
import email.utils
import hashlib
import itertools
import json
import os
import queue
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import oss2
from oss2.models import PartInfo, Tagging, TaggingRule

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1]
MIB = 1024 * 1024
HOUR = 60 * 60
MINUTE = 60
REQUEST_ID = re.compile(r"[0-9A-F]{24}")
KEYS = json.loads((HERE / "keys.json").read_text("utf-8"))

# The host of each addressing style; oss2 takes an IP address as path style by itself.
STYLES = {
    "cname": {"host": "uploads.test", "is_cname": True},
    "virtual-hosted": {"host": "oss.test"},
    "path": {"host": "path.test", "is_path_style": True},
    "path at an IP address": {"host": "127.0.0.1"},
}


class S3:
    """The S3 behind the gateway, and what it has."""

    def __init__(self):
        self.credentials = {"AWS_ACCESS_KEY_ID": secrets.token_hex(10), "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
        self._process = start_node("tests/e2e/s3.mjs", env=self.credentials, stdin=subprocess.PIPE)
        self.fixture = self._answer()

    def get(self, key, bucket=None):
        """An object with its `body`, or None."""
        found = self._ask("get", key, bucket or self.fixture["bucket"])
        if found is not None:
            found["body"] = base64.b64decode(found["body"])
        return found

    def everything(self):
        return self._ask("everything")

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
    """`oss-edge serve` over these access keys, and the lines of its log."""

    def __init__(self, s3, access_keys):
        self.log = []
        self._lines = queue.Queue()
        with tempfile.TemporaryDirectory() as folder:
            files = {"config": s3.fixture["config"], "access-keys": {"accessKeys": access_keys}}
            arguments = ["--port", "0", "--json", "--s3-endpoint", s3.fixture["endpoint"]]
            for name, document in files.items():
                file = Path(folder, f"{name}.json")
                file.write_text(json.dumps(document))
                arguments += [f"--{name}", str(file)]
            self._process = start_node("js-shim/cli.mjs", "serve", *arguments, env=s3.credentials)
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
        """Ends the process; all of its log is in `log` then."""
        self._process.terminate()
        status = self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        while not self._lines.empty():
            self.log.append(self._lines.get())
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


def setUpModule():
    global s3, gateway, first_key, second_key
    names = resolve_test_names()
    names.start()
    unittest.addModuleCleanup(names.stop)
    s3 = S3()
    unittest.addModuleCleanup(s3.close)
    first_key, second_key = s3.fixture["accessKeys"]["accessKeys"]
    gateway = Gateway(s3, [first_key, second_key])
    unittest.addModuleCleanup(end_gateway)


def end_gateway():
    status = gateway.close()
    broken = [line for line in gateway.log if "violation" in line]
    secret = [line for line in gateway.log for key in (first_key, second_key) if key["accessKeySecret"] in json.dumps(line)]
    if (status, broken, secret) != (0, [], []) or not gateway.log:
        raise AssertionError(f"the gateway ended with {status}; rules of CloudFront broken: {broken}; secrets logged: {secret}")


def device(host="uploads.test", is_cname=None, bucket=None, key=None, at=None, **options):
    """A bucket of oss2, as a device has it: by default at the host of the first bucket."""
    credentials = key or first_key
    auth = oss2.Auth(credentials["accessKeyId"], credentials["accessKeySecret"])
    session = oss2.Session()
    session.session.trust_env = False
    endpoint = f"http://{host}:{(at or gateway).port}"
    is_cname = host == "uploads.test" if is_cname is None else is_cname
    return oss2.Bucket(auth, endpoint, bucket or s3.fixture["bucket"], is_cname=is_cname, session=session, **options)


def clock_off_by(seconds):
    """Sets the clock that oss2 dates its requests by."""
    return mock.patch("oss2.utils.http_date", lambda: email.utils.formatdate(time.time() + seconds, usegmt=True))


def upload_in_parts(bucket, key, parts, headers=None, params=None):
    upload_id = bucket.init_multipart_upload(key, headers=headers, params=params).upload_id
    done = []
    for number, part in enumerate(parts, 1):
        result = bucket.upload_part(key, upload_id, number, part)
        done.append(PartInfo(number, result.etag, size=len(part), part_crc=result.crc))
    return bucket.complete_multipart_upload(key, upload_id, done)


def md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


class UploadTest(unittest.TestCase):
    maxDiff = None

    def assert_stored(self, key, body, bucket=None, **expected):
        """S3 has these bytes under the key."""
        found = s3.get(key, bucket)
        self.assertIsNotNone(found, f"S3 has no {key}")
        self.assertEqual(len(found["body"]), len(body))
        self.assertEqual(hashlib.sha256(found["body"]).hexdigest(), hashlib.sha256(body).hexdigest())
        for name, value in expected.items():
            self.assertEqual(found.get(name), value, name)

    @contextlib.contextmanager
    def refused(self, status, code, kind=oss2.exceptions.ServerError):
        """The call is refused and leaves S3 as it was."""
        beforehand = s3.everything()
        with self.assertRaises(oss2.exceptions.OssError) as caught:
            yield caught
        error = caught.exception
        self.assertEqual((error.status, error.code, type(error)), (status, code, kind), str(error))
        self.assertEqual(s3.everything(), beforehand)

    @contextlib.contextmanager
    def refused_at_edge(self, status, code, kind=oss2.exceptions.ServerError):
        """Refused by the gateway itself, in OSS's form."""
        with self.refused(status, code, kind) as caught:
            yield caught
        error = caught.exception
        self.assertRegex(error.request_id, REQUEST_ID)
        self.assertEqual(error.details["RequestId"], error.request_id)
        self.assertRegex(error.ec, r"^\d{4}-\d{8}$")
        self.assertEqual(error.headers["x-oss-ec"], error.ec)
        self.assertEqual(error.details["RecommendDoc"], f"https://api.aliyun.com/troubleshoot?q={error.ec}")
        for name in ("Message", "HostId"):
            self.assertTrue(error.details[name], name)


class Addressing(UploadTest):
    def test_puts_an_object_in_each_style(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                body = secrets.token_bytes(1000)
                result = device(**options).put_object(f"{style}/put.bin", body)
                self.assertEqual((result.status, result.etag), (200, hashlib.md5(body).hexdigest()))
                self.assert_stored(f"{style}/put.bin", body)

    def test_uploads_in_parts_in_each_style(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                parts = [secrets.token_bytes(5 * MIB), secrets.token_bytes(1000)]
                self.assertEqual(upload_in_parts(device(**options), f"{style}/parts.bin", parts).status, 200)
                self.assert_stored(f"{style}/parts.bin", b"".join(parts))

    def test_aborts_an_upload_in_each_style_and_s3_forgets_its_parts(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                bucket, key = device(**options), f"{style}/aborted.bin"
                beforehand = s3.everything()
                upload_id = bucket.init_multipart_upload(key).upload_id
                bucket.upload_part(key, upload_id, 1, b"part")
                self.assertNotEqual(s3.everything(), beforehand)
                self.assertEqual(bucket.abort_multipart_upload(key, upload_id).status, 204)
                self.assertEqual(s3.everything(), beforehand)

    def test_keeps_two_buckets_apart(self):
        other_bucket = s3.fixture["otherBucket"]
        for style in ("virtual-hosted", "path", "path at an IP address"):
            with self.subTest(style):
                one, other = secrets.token_bytes(10), secrets.token_bytes(20)
                key = f"{style}/same.bin"
                device(**STYLES[style]).put_object(key, one)
                device(**STYLES[style], bucket=other_bucket).put_object(key, other)
                upload_in_parts(device(**STYLES[style], bucket=other_bucket), f"{key} in parts", [other])
                self.assert_stored(key, one)
                self.assert_stored(key, other, other_bucket)
                self.assert_stored(f"{key} in parts", other, other_bucket)

    def test_refuses_a_bucket_that_nobody_configured(self):
        for style in ("virtual-hosted", "path", "path at an IP address"):
            bucket = device(**STYLES[style], bucket="nobodys-bucket")
            for call in (lambda: bucket.put_object("key", b"x"), lambda: bucket.init_multipart_upload("key")):
                with self.subTest(style), self.refused_at_edge(404, "NoSuchBucket", oss2.exceptions.NoSuchBucket) as caught:
                    call()
                self.assertEqual(caught.exception.details["BucketName"], "nobodys-bucket")

    def test_refuses_a_signature_over_another_bucket_than_the_one_that_the_host_stands_for(self):
        with self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch):
            device(bucket=s3.fixture["otherBucket"]).put_object("key", b"x")

    def test_refuses_a_host_that_nobody_configured(self):
        with self.refused_at_edge(403, "AccessDenied", oss2.exceptions.AccessDenied):
            device(host="nobodys.test", is_cname=True).put_object("key", b"x")


class Keys(UploadTest):
    def assert_kept(self, key):
        put, part = secrets.token_bytes(100), secrets.token_bytes(200)
        for options in (STYLES["cname"], STYLES["path"]):
            bucket = device(**options)
            bucket.put_object(key, put)
            self.assert_stored(key, put)
            upload_in_parts(bucket, key, [part])
            self.assert_stored(key, part)

    def test_keeps_every_character_of_a_key(self):
        for case in KEYS:
            with self.subTest(case["what"]):
                self.assert_kept(case["key"])

    def test_keeps_a_slash_at_the_beginning_of_a_key(self):
        for key in ("/leading/slash", "//two"):
            with self.subTest(key):
                self.assert_kept(key)
                self.assertIsNone(s3.get(key.lstrip("/")))

    def test_takes_a_key_of_1023_bytes_and_no_longer_one(self):
        for key in ("k" * 1023, "键" * 341):
            self.assert_kept(key)
            for call in (lambda: device().put_object(key + "k", b"x"), lambda: device().init_multipart_upload(key + "k")):
                with self.refused_at_edge(400, "InvalidObjectName", oss2.exceptions.InvalidObjectName):
                    call()

    def test_keeps_a_key_when_the_answer_must_encode_it(self):
        for case in KEYS:
            with self.subTest(case["what"]):
                part = secrets.token_bytes(100)
                upload_in_parts(device(), case["key"], [part], params={"encoding-type": "url"})
                self.assert_stored(case["key"], part)

    def test_answers_initiate_with_the_key_escaped_or_encoded_as_asked(self):
        key = "<a> & \"b\" 'c' ]]> 日/📷 +%.txt"
        encoded = "%3Ca%3E%20%26%20%22b%22%20'c'%20%5D%5D%3E%20%E6%97%A5%2F%F0%9F%93%B7%20%2B%25.txt"
        for params, expected in (({}, (None, key)), ({"encoding-type": "url"}, ("url", encoded))):
            seen = []
            parse = oss2.xml_utils.parse_init_multipart_upload
            with mock.patch("oss2.xml_utils.parse_init_multipart_upload", lambda result, body: seen.append(body) or parse(result, body)):
                device().init_multipart_upload(key, params=params)
            root = oss2.xml_utils.ElementTree.fromstring(seen[0])
            self.assertEqual((root.findtext("EncodingType"), root.findtext("Key")), expected)
            self.assertEqual(root.findtext("Bucket"), s3.fixture["bucket"])

    def test_refuses_a_key_that_signs_like_a_sub_resource(self):
        for key in ("a?uploads", "a?partNumber=1&uploadId=b", "a?b?uploadId=c"):
            with self.subTest(key), self.refused_at_edge(400, "InvalidObjectName", oss2.exceptions.InvalidObjectName):
                device().put_object(key, b"x")

    def test_refuses_dot_segments_and_control_characters(self):
        for key in ("a/../b", "./a", "a/.", "a\x00b", "a\x1bb"):
            with self.subTest(key), self.refused_at_edge(400, "InvalidObjectName", oss2.exceptions.InvalidObjectName):
                device().put_object(key, b"x")


class WhatAnObjectCarries(UploadTest):
    HEADERS = {
        "Content-Type": "text/x-log; charset=utf-8",
        "Cache-Control": "max-age=60, private",
        "Content-Disposition": 'attachment; filename="log.txt"',
        "x-oss-storage-class": "IA",
        "x-oss-meta-device": "7",
        "x-oss-meta-firmware-version": "1.2.3",
        "X-Oss-Meta-Note": 'a = b; "c"',
    }
    CARRIED = {
        "metadata": {"device": "7", "firmware-version": "1.2.3", "note": 'a = b; "c"'},
        "contentType": "text/x-log; charset=utf-8",
        "cacheControl": "max-age=60, private",
        "contentDisposition": 'attachment; filename="log.txt"',
        "storageClass": "STANDARD_IA",
    }

    def test_puts_metadata_headers_and_storage_class(self):
        body = secrets.token_bytes(100)
        device().put_object("carried/put", body, headers=self.HEADERS)
        self.assert_stored("carried/put", body, **self.CARRIED)

    def test_uploads_metadata_headers_and_storage_class_in_parts(self):
        parts = [secrets.token_bytes(5 * MIB), secrets.token_bytes(100)]
        upload_in_parts(device(), "carried/parts", parts, headers=self.HEADERS)
        self.assert_stored("carried/parts", b"".join(parts), **self.CARRIED)

    def test_gives_s3_metadata_beyond_ascii_as_rfc_2047_writes_it(self):
        # Only as bytes does oss2 send what is beyond Latin-1.
        headers = {"x-oss-meta-place": "深圳 7".encode(), "x-oss-meta-mark": "é".encode()}
        metadata = {"place": "=?UTF-8?B?5rex5ZyzIDc=?=", "mark": "=?UTF-8?B?w6k=?="}
        device().put_object("carried/place", b"x", headers=headers)
        self.assert_stored("carried/place", b"x", metadata=metadata)
        upload_in_parts(device(), "carried/place", [b"xy"], headers=headers)
        self.assert_stored("carried/place", b"xy", metadata=metadata)

    def test_stores_standard_and_archive_under_s3s_names(self):
        for oss, amazon in (("Standard", "STANDARD"), ("Archive", "GLACIER"), ("ColdArchive", "DEEP_ARCHIVE")):
            with self.subTest(oss):
                device().put_object(f"carried/{oss}", b"x", headers={"x-oss-storage-class": oss})
                self.assert_stored(f"carried/{oss}", b"x", storageClass=amazon)

    def test_refuses_a_storage_class_that_oss_does_not_have(self):
        with self.refused_at_edge(400, "InvalidArgument", oss2.exceptions.InvalidArgument):
            device().put_object("carried/class", b"x", headers={"x-oss-storage-class": "STANDARD_IA"})

    def test_refuses_metadata_that_s3_would_not_keep(self):
        headers = {"x-oss-meta-long": "m" * 2045}
        for call in (
            lambda: device().put_object("carried/too-much", b"x", headers=headers),
            lambda: device().init_multipart_upload("carried/too-much", headers=headers),
        ):
            with self.refused_at_edge(400, "MetadataTooLarge"):
                call()

    def test_refuses_what_s3_would_not_do(self):
        callback = base64.b64encode(json.dumps({"callbackUrl": "http://example.com/", "callbackBody": "a"}).encode()).decode()
        for headers in (
            {"x-oss-callback": callback},
            {"x-oss-object-acl": "public-read"},
            {"x-oss-tagging": "a=b"},
            {"x-oss-server-side-encryption": "KMS"},
        ):
            with self.subTest(headers), self.refused_at_edge(400, "NotImplemented", oss2.exceptions.NotImplemented) as caught:
                device().put_object("carried/refused", b"x", headers=headers)
            self.assertEqual([caught.exception.details["Header"]], list(headers))


class Bodies(UploadTest):
    def test_has_s3_check_a_content_md5(self):
        body = secrets.token_bytes(1000)
        device().put_object("md5/right", body, headers={"Content-MD5": md5(body)})
        self.assert_stored("md5/right", body)
        with self.refused(400, "BadDigest"):
            device().put_object("md5/wrong", body, headers={"Content-MD5": md5(b"another body")})
        with self.refused(400, "BadDigest"):
            device().put_object("md5/right", b"new", headers={"Content-MD5": md5(b"another body")})
        self.assert_stored("md5/right", body)

    def test_has_s3_check_the_content_md5_of_a_part(self):
        part, bucket = secrets.token_bytes(100), device()
        upload_id = bucket.init_multipart_upload("md5/parts").upload_id
        with self.refused(400, "BadDigest"):
            bucket.upload_part("md5/parts", upload_id, 1, part, headers={"Content-MD5": md5(b"another body")})
        etag = bucket.upload_part("md5/parts", upload_id, 1, part, headers={"Content-MD5": md5(part)}).etag
        bucket.complete_multipart_upload("md5/parts", upload_id, [PartInfo(1, etag)])
        self.assert_stored("md5/parts", part)

    def test_puts_an_empty_object_when_oss2_computes_no_checksum(self):
        device(enable_crc=False).put_object("bodies/empty", b"")
        self.assert_stored("bodies/empty", b"")

    def test_refuses_the_chunked_body_that_oss2_makes_of_an_empty_object_by_default(self):
        with self.refused_at_edge(411, "MissingContentLength"):
            device().put_object("bodies/empty-chunked", b"")

    def test_puts_text_and_a_file(self):
        device().put_object("bodies/text", "文字")
        self.assert_stored("bodies/text", "文字".encode())
        body = secrets.token_bytes(300_000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            device().put_object_from_file("bodies/file", file.name)
        self.assert_stored("bodies/file", body)

    def test_refuses_a_body_of_unknown_length_which_s3_does_not_take(self):
        bucket = device()
        upload_id = bucket.init_multipart_upload("bodies/chunked").upload_id
        for call in (
            lambda body: bucket.put_object("bodies/chunked", body),
            lambda body: bucket.upload_part("bodies/chunked", upload_id, 1, body),
        ):
            with self.refused_at_edge(411, "MissingContentLength"):
                call(itertools.repeat(b"chunk", 1000))
        bucket.abort_multipart_upload("bodies/chunked", upload_id)


class Overwriting(UploadTest):
    FORBIDDEN = {"x-oss-forbid-overwrite": "true"}

    def test_overwrites_an_object_unless_that_is_forbidden(self):
        first, second = secrets.token_bytes(100), secrets.token_bytes(200)
        device().put_object("overwrite/key", first, headers=self.FORBIDDEN)
        self.assert_stored("overwrite/key", first)
        with self.refused(412, "PreconditionFailed", oss2.exceptions.PreconditionFailed):
            device().put_object("overwrite/key", second, headers=self.FORBIDDEN)
        self.assert_stored("overwrite/key", first)
        device().put_object("overwrite/key", second)
        self.assert_stored("overwrite/key", second)

    def test_forbids_it_when_an_upload_in_parts_is_completed_not_when_one_begins(self):
        bucket = device()
        bucket.put_object("overwrite/parts", b"first")
        with self.refused_at_edge(400, "NotImplemented", oss2.exceptions.NotImplemented):
            bucket.init_multipart_upload("overwrite/parts", headers=self.FORBIDDEN)
        upload_id = bucket.init_multipart_upload("overwrite/parts").upload_id
        parts = [PartInfo(1, bucket.upload_part("overwrite/parts", upload_id, 1, b"second").etag)]
        with self.refused(412, "PreconditionFailed", oss2.exceptions.PreconditionFailed):
            bucket.complete_multipart_upload("overwrite/parts", upload_id, parts, headers=self.FORBIDDEN)
        self.assert_stored("overwrite/parts", b"first")


class WhoMayUpload(UploadTest):
    CALLS = {
        "PutObject": lambda bucket: bucket.put_object("who/key", b"x"),
        "InitiateMultipartUpload": lambda bucket: bucket.init_multipart_upload("who/key"),
        "UploadPart": lambda bucket: bucket.upload_part("who/key", "an-id", 1, b"x"),
        "CompleteMultipartUpload": lambda bucket: bucket.complete_multipart_upload("who/key", "an-id", [PartInfo(1, "e")]),
        "AbortMultipartUpload": lambda bucket: bucket.abort_multipart_upload("who/key", "an-id"),
    }

    def test_refuses_a_wrong_secret_and_shows_what_should_have_been_signed(self):
        wrong = {**first_key, "accessKeySecret": second_key["accessKeySecret"]}
        for operation, call in self.CALLS.items():
            with self.subTest(operation):
                with self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch) as caught:
                    call(device(key=wrong))
                details = caught.exception.details
                self.assertEqual(details["OSSAccessKeyId"], first_key["accessKeyId"])
                self.assertEqual(len(base64.b64decode(details["SignatureProvided"], validate=True)), 20)
                self.assertIn(f"/{s3.fixture['bucket']}/who/key", details["StringToSign"])
                self.assertEqual(bytes.fromhex(details["StringToSignBytes"]).decode(), details["StringToSign"])
                self.assertEqual(details["HostId"], f"uploads.test:{gateway.port}")
                self.assertNotIn(first_key["accessKeySecret"], caught.exception.body.decode())

    def test_shows_the_text_that_oss2_signed(self):
        wrong = {**first_key, "accessKeySecret": "wrong"}
        headers = {"Content-Type": "text/plain", "Content-MD5": md5(b"x"), "x-oss-meta-b": "2", "x-oss-meta-a": "1"}
        with clock_off_by(0), self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch) as caught:
            device(key=wrong).put_object("who/日 & <x>", b"x", headers=headers)
        lines = caught.exception.details["StringToSign"].split("\n")
        date = lines.pop(3)
        self.assertIsNotNone(email.utils.parsedate_to_datetime(date))
        resource = f"/{s3.fixture['bucket']}/who/日 & <x>"
        self.assertEqual(lines, ["PUT", md5(b"x"), "text/plain", "x-oss-meta-a:1", "x-oss-meta-b:2", resource])

    def test_refuses_an_unknown_access_key(self):
        unknown = {**first_key, "accessKeyId": "LTAI5tNobodyKnowsThis"}
        for operation, call in self.CALLS.items():
            with self.subTest(operation), self.refused_at_edge(403, "InvalidAccessKeyId") as caught:
                call(device(key=unknown))
            self.assertEqual(caught.exception.details["OSSAccessKeyId"], "LTAI5tNobodyKnowsThis")

    def test_refuses_a_clock_that_is_hours_off_and_tells_the_time(self):
        for (operation, call), hours in itertools.product(self.CALLS.items(), (-3, 3)):
            with self.subTest(operation, hours=hours):
                with clock_off_by(hours * HOUR), self.refused_at_edge(403, "RequestTimeTooSkewed") as caught:
                    call(device())
                details = caught.exception.details
                self.assertEqual(details["MaxAllowedSkewMilliseconds"], "300000")
                for name in ("RequestTime", "ServerTime"):
                    self.assertRegex(details[name], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertEqual(details["RequestTime"] < details["ServerTime"], hours < 0)
                self.assertIn("Date", caught.exception.headers)

    def test_takes_a_clock_that_is_4_of_the_5_minutes_off_that_are_allowed_and_none_that_is_6(self):
        for minutes in (-4, 4):
            with self.subTest(minutes), clock_off_by(minutes * MINUTE):
                body = secrets.token_bytes(100)
                device().put_object(f"who/put at {minutes}", body)
                upload_in_parts(device(), f"who/parts at {minutes}", [body])
                self.assert_stored(f"who/put at {minutes}", body)
                self.assert_stored(f"who/parts at {minutes}", body)
        for minutes in (-6, 6):
            with self.subTest(minutes), clock_off_by(minutes * MINUTE), self.refused_at_edge(403, "RequestTimeTooSkewed"):
                device().put_object("who/late", b"x")

    def test_refuses_other_signature_versions_a_security_token_and_no_signature(self):
        bucket = device()
        key_and_secret = first_key.values()
        for auth, status, code, kind in (
            (oss2.AuthV4(*key_and_secret), 400, "InvalidArgument", oss2.exceptions.InvalidArgument),
            (oss2.AuthV2(*key_and_secret), 400, "InvalidArgument", oss2.exceptions.InvalidArgument),
            (oss2.StsAuth(*key_and_secret, "a-token"), 403, "InvalidSecurityToken", oss2.exceptions.ServerError),
            (oss2.AnonymousAuth(), 403, "AccessDenied", oss2.exceptions.AccessDenied),
        ):
            bucket.auth, bucket.region = auth, "cn-hangzhou"
            with self.subTest(type(auth)), self.refused_at_edge(status, code, kind):
                bucket.put_object("who/auth", b"x")

    def test_takes_either_of_two_access_keys(self):
        for key in (first_key, second_key, first_key):
            body = secrets.token_bytes(100)
            device(key=key).put_object("who/rotating", body)
            self.assert_stored("who/rotating", body)
            upload_in_parts(device(key=key), "who/rotating in parts", [body])
            self.assert_stored("who/rotating in parts", body)

    def test_refuses_an_access_key_once_the_gateway_is_started_without_it_and_not_the_other(self):
        body = secrets.token_bytes(100)
        old = Gateway(s3, [first_key, second_key])
        try:
            device(at=old).put_object("who/before", body)
        finally:
            self.assertEqual(old.close(), 0)
        rotated = Gateway(s3, [second_key])
        try:
            for call in self.CALLS.values():
                with self.refused_at_edge(403, "InvalidAccessKeyId"):
                    call(device(at=rotated))
            device(at=rotated, key=second_key).put_object("who/after", body)
            upload_in_parts(device(at=rotated, key=second_key), "who/after in parts", [body])
        finally:
            self.assertEqual(rotated.close(), 0)
        for key in ("who/before", "who/after", "who/after in parts"):
            self.assert_stored(key, body)

    def test_gives_the_device_the_request_id_that_the_operator_finds_in_the_log(self):
        with self.refused_at_edge(403, "InvalidAccessKeyId") as caught:
            device(key={**first_key, "accessKeyId": "LTAI5tNotYetKnown"}).put_object("who/logged", b"x")
        line = gateway.line_of(caught.exception.request_id)
        logged = tuple(line.get(name) for name in ("operation", "code", "key", "accessKeyId", "status", "method"))
        self.assertEqual(logged, ("PutObject", "InvalidAccessKeyId", "who/logged", "LTAI5tNotYetKnown", 403, "PUT"))


class OperationsThatAreNotServed(UploadTest):
    BODY = b"an object that stays as it is"

    def setUp(self):
        device().put_object("stays", self.BODY)
        self.addCleanup(self.assert_stored, "stays", self.BODY)

    def assert_not_allowed(self, calls):
        for operation, call in calls.items():
            with self.subTest(operation):
                with self.refused_at_edge(405, "MethodNotAllowed") as caught:
                    call(device())
                self.assertEqual(caught.exception.details["ResourceType"], "Object")

    def test_refuses_reading_and_removing(self):
        self.assert_not_allowed(
            {
                "GetObject": lambda bucket: bucket.get_object("stays"),
                "DeleteObject": lambda bucket: bucket.delete_object("stays"),
                "DeleteMultipleObjects": lambda bucket: bucket.batch_delete_objects(["stays"]),
                "ListObjects": lambda bucket: bucket.list_objects(),
                "ListObjectsV2": lambda bucket: bucket.list_objects_v2(),
                "ListMultipartUploads": lambda bucket: bucket.list_multipart_uploads(),
                "ListParts": lambda bucket: bucket.list_parts("stays", "an-id"),
            }
        )

    def test_tells_head_by_x_oss_err(self):
        for call in (lambda: device().head_object("stays"), lambda: device().get_object_meta("stays"), lambda: device().object_exists("stays")):
            with self.refused_at_edge(405, "MethodNotAllowed") as caught:
                call()
            self.assertEqual((caught.exception.body, caught.exception.details["Method"]), (b"", "HEAD"))
            self.assertIn(b"<Code>MethodNotAllowed</Code>", base64.b64decode(caught.exception.headers["x-oss-err"]))

    def test_refuses_other_ways_to_write(self):
        self.assert_not_allowed(
            {
                "AppendObject": lambda bucket: bucket.append_object("stays", 0, b"x"),
                "PutObjectACL": lambda bucket: bucket.put_object_acl("stays", oss2.OBJECT_ACL_PUBLIC_READ),
                "GetObjectACL": lambda bucket: bucket.get_object_acl("stays"),
                "PutSymlink": lambda bucket: bucket.put_symlink("stays", "symlink"),
                "PutObjectTagging": lambda bucket: bucket.put_object_tagging("stays", Tagging(TaggingRule())),
                "RestoreObject": lambda bucket: bucket.restore_object("stays"),
                "ProcessObject": lambda bucket: bucket.process_object("stays", "image/resize,w_10"),
            }
        )

    def test_refuses_copying(self):
        bucket, name = device(), s3.fixture["bucket"]
        for call in (
            lambda: bucket.copy_object(name, "stays", "copy"),
            lambda: bucket.update_object_meta("stays", {"x-oss-meta-a": "b"}),
            lambda: bucket.upload_part_copy(name, "stays", (0, 9), "copy", "an-id", 1),
        ):
            with self.refused_at_edge(400, "NotImplemented", oss2.exceptions.NotImplemented) as caught:
                call()
            self.assertTrue(caught.exception.details["Header"].startswith("x-oss-copy-source"))

    def test_refuses_operations_on_buckets(self):
        self.assert_not_allowed(
            {
                "PutBucket": lambda bucket: bucket.create_bucket(),
                "DeleteBucket": lambda bucket: bucket.delete_bucket(),
                "GetBucketInfo": lambda bucket: bucket.get_bucket_info(),
                "GetBucketLocation": lambda bucket: bucket.get_bucket_location(),
                "PutBucketACL": lambda bucket: bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ),
                "DeleteBucketLifecycle": lambda bucket: bucket.delete_bucket_lifecycle(),
            }
        )

    def test_refuses_to_list_buckets_for_want_of_a_bucket_in_the_path(self):
        service = oss2.Service(oss2.Auth(*first_key.values()), f"http://127.0.0.1:{gateway.port}")
        with self.refused_at_edge(400, "InvalidBucketName"):
            service.list_buckets()

    def test_refuses_a_url_that_is_signed_for_writing(self):
        with self.refused_at_edge(400, "InvalidArgument", oss2.exceptions.InvalidArgument):
            bucket = device()
            bucket.put_object_with_url(bucket.sign_url("PUT", "stays", 60), b"x")


class UploadsInPartsThatS3Refuses(UploadTest):
    def test_tells_of_an_upload_that_s3_does_not_know(self):
        bucket = device()
        for call in (
            lambda: bucket.upload_part("parts/none", "no-such-id", 1, b"x"),
            lambda: bucket.complete_multipart_upload("parts/none", "no-such-id", [PartInfo(1, "e")]),
            lambda: bucket.abort_multipart_upload("parts/none", "no-such-id"),
        ):
            with self.refused(404, "NoSuchUpload", oss2.exceptions.NoSuchUpload):
                call()

    def test_tells_of_parts_below_5_mib_when_the_upload_is_completed(self):
        bucket = device()
        upload_id = bucket.init_multipart_upload("parts/small").upload_id
        parts = [PartInfo(number, bucket.upload_part("parts/small", upload_id, number, b"x" * MIB).etag) for number in (1, 2)]
        with self.refused(400, "EntityTooSmall"):
            bucket.complete_multipart_upload("parts/small", upload_id, parts)
        bucket.abort_multipart_upload("parts/small", upload_id)
        self.assertIsNone(s3.get("parts/small"))

    def test_tells_of_a_part_that_was_never_sent_and_of_a_part_number_that_cannot_be(self):
        bucket = device()
        upload_id = bucket.init_multipart_upload("parts/missing").upload_id
        with self.refused(400, "InvalidPart"):
            bucket.complete_multipart_upload("parts/missing", upload_id, [PartInfo(1, "0123456789abcdef0123456789abcdef")])
        for number in (0, 10_001):
            with self.refused_at_edge(400, "InvalidArgument", oss2.exceptions.InvalidArgument) as caught:
                bucket.upload_part("parts/missing", upload_id, number, b"x")
            self.assertEqual((caught.exception.name, caught.exception.value), ("PartNumber", str(number)))


class ResumableUpload(UploadTest):
    def upload(self, key, body, **options):
        """The helper over a file, its checkpoint kept beside the file and not in the user's home."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "file.bin")
            file.write_bytes(body)
            store = oss2.ResumableStore(root=folder)
            return oss2.resumable_upload(device(), key, str(file), store=store, **options)

    def test_puts_a_file_below_the_threshold_at_once(self):
        body = secrets.token_bytes(6 * MIB)
        self.upload("resumable/below", body)
        self.assert_stored("resumable/below", body)

    def test_fails_above_the_threshold_because_oss2_lists_the_parts_of_every_upload_and_list_parts_is_not_served(self):
        beforehand = s3.everything()
        with self.assertRaises(oss2.exceptions.ServerError) as caught:
            self.upload("resumable/above", secrets.token_bytes(6 * MIB), multipart_threshold=5 * MIB, part_size=5 * MIB)
        error = caught.exception
        self.assertEqual((error.status, error.code, error.details["Method"]), (405, "MethodNotAllowed", "GET"))
        afterwards = s3.everything()
        self.assertEqual(afterwards["objects"], beforehand["objects"])
        # The upload that was begun stays behind: a bucket needs a lifecycle rule that aborts such uploads.
        begun = [file for file in afterwards["files"] if file not in beforehand["files"]]
        self.assertEqual([Path(file).name for file in begun if file.endswith(".json")], ["upload.json"])


if __name__ == "__main__":
    unittest.main()
