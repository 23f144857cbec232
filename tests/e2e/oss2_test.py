"""oss2 uploads through the gateway, a process of its own; what arrived is read from S3, another one."""

import base64
import contextlib
import datetime
import email.utils
import hashlib
import itertools
import json
import re
import secrets
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path
from unittest import mock

import oss2
from oss2.models import PartInfo, Tagging, TaggingRule

import uploads
from uploads import Gateway, HOUR, KEYS, MIB, MINUTE, REQUEST_ID, md5

# The host of each addressing style; oss2 takes an IP address as path style by itself.
STYLES = {
    "cname": {"host": "uploads.test", "is_cname": True},
    "virtual-hosted": {"host": "oss.test"},
    "path": {"host": "path.test", "is_path_style": True},
    "path at an IP address": {"host": "127.0.0.1"},
}


def setUpModule():
    global s3, gateway, first_key, second_key, sts_key
    s3, gateway = uploads.start(f"aliyun-sdk-python/{oss2.__version__}")
    first_key, second_key, sts_key = s3.fixture["accessKeys"]["accessKeys"]


def signer(key, version="v1"):
    """The auth of oss2 for an access key, with the key's security token where it has one."""
    id_and_secret = key["accessKeyId"], key["accessKeySecret"]
    if "securityToken" in key:
        return oss2.StsAuth(*id_and_secret, key["securityToken"], version)
    return {"v1": oss2.Auth, "v2": oss2.AuthV2, "v4": oss2.AuthV4}[version](*id_and_secret)


def device(host="uploads.test", is_cname=None, bucket=None, key=None, at=None, version="v1", **options):
    """A bucket of oss2, as a device has it: by default at the host of the first bucket."""
    auth = signer(key or first_key, version)
    options = {"region": "cn-hangzhou", **options}
    session = oss2.Session()
    session.session.trust_env = False
    endpoint = f"http://{host}:{(at or gateway).port}"
    is_cname = host == "uploads.test" if is_cname is None else is_cname
    return oss2.Bucket(auth, endpoint, bucket or s3.fixture["bucket"], is_cname=is_cname, session=session, **options)


def clock_off_by(seconds):
    """Sets the clock that oss2 dates its requests of version 1 by."""
    return mock.patch("oss2.utils.http_date", lambda: email.utils.formatdate(time.time() + seconds, usegmt=True))


def v4_clock_off_by(seconds):
    """Sets the clock that oss2 dates its requests and its URLs of version 4 by."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return mock.patch("oss2.auth.datetime", mock.Mock(utcnow=lambda: now))


def upload_in_parts(bucket, key, parts, headers=None, params=None):
    upload_id = bucket.init_multipart_upload(key, headers=headers, params=params).upload_id
    done = []
    for number, part in enumerate(parts, 1):
        result = bucket.upload_part(key, upload_id, number, part)
        done.append(PartInfo(number, result.etag, size=len(part), part_crc=result.crc))
    return bucket.complete_multipart_upload(key, upload_id, done)


@contextlib.contextmanager
def recorded():
    """Method and query of each request that oss2 sends meanwhile."""
    sent = []
    send = oss2.Session.do_request

    def record(session, request, timeout):
        sent.append((request.method, dict(request.params)))
        return send(session, request, timeout)

    with mock.patch.object(oss2.Session, "do_request", record):
        yield sent


class UploadTest(uploads.UploadTest):
    @contextlib.contextmanager
    def refused(self, status, code, kind=oss2.exceptions.ServerError):
        """The call is refused and leaves S3 as it was."""
        with self.s3_as_it_was(), self.assertRaises(oss2.exceptions.OssError) as caught:
            yield caught
        error = caught.exception
        self.assertEqual((error.status, error.code, type(error)), (status, code, kind), str(error))

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

    def test_refuses_a_slash_at_the_beginning_of_a_key_as_oss_does(self):
        for key in ("/leading/slash", "//two", "\\back"):
            with self.subTest(key):
                with self.refused_at_edge(400, "InvalidObjectName", oss2.exceptions.InvalidObjectName):
                    device().put_object(key, b"x")

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
        # S3 names every class but STANDARD.
        for oss, amazon in (("Standard", None), ("Archive", "GLACIER"), ("ColdArchive", "DEEP_ARCHIVE")):
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

    def test_gives_s3_a_content_disposition_beyond_ascii_as_it_was_sent(self):
        sent = 'attachment; filename="日志.txt"'.encode()
        # Node, which asks S3 here, reads headers as ISO-8859-1.
        expected = {"contentDisposition": sent.decode("iso-8859-1"), "contentType": "text/plain"}
        headers = {"Content-Disposition": sent, "Content-Type": "text/plain"}
        for version in ("v1", "v4"):
            device(version=version).put_object("carried/disposition", b"x", headers=headers)
            self.assert_stored("carried/disposition", b"x", **expected)
            upload_in_parts(device(version=version), "carried/disposition", [b"xy"], headers=headers)
            self.assert_stored("carried/disposition", b"xy", **expected)

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
        with self.refused(400, "InvalidDigest", oss2.exceptions.InvalidDigest):
            device().put_object("md5/wrong", body, headers={"Content-MD5": md5(b"another body")})
        with self.refused(400, "InvalidDigest", oss2.exceptions.InvalidDigest):
            device().put_object("md5/right", b"new", headers={"Content-MD5": md5(b"another body")})
        self.assert_stored("md5/right", body)

    def test_has_s3_check_the_content_md5_of_a_part(self):
        part, bucket = secrets.token_bytes(100), device()
        upload_id = bucket.init_multipart_upload("md5/parts").upload_id
        with self.refused(400, "InvalidDigest", oss2.exceptions.InvalidDigest):
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

    @unittest.skipIf(uploads.ONE_FUNCTION, "an object that forbids it needs a relay then: one_function_test.py")
    def test_overwrites_an_object_unless_that_is_forbidden(self):
        first, second = secrets.token_bytes(100), secrets.token_bytes(200)
        device().put_object("overwrite/key", first, headers=self.FORBIDDEN)
        self.assert_stored("overwrite/key", first)
        with self.refused(409, "FileAlreadyExists"):
            device().put_object("overwrite/key", second, headers=self.FORBIDDEN)
        self.assert_stored("overwrite/key", first)
        device().put_object("overwrite/key", second)
        self.assert_stored("overwrite/key", second)

    def test_forbids_it_when_an_upload_in_parts_is_completed_whichever_of_its_two_ends_asks_for_it(self):
        bucket = device()
        bucket.put_object("overwrite/parts", b"first")
        for at_init, at_complete in ((self.FORBIDDEN, None), (None, self.FORBIDDEN)):
            upload_id = bucket.init_multipart_upload("overwrite/parts", headers=at_init).upload_id
            parts = [PartInfo(1, bucket.upload_part("overwrite/parts", upload_id, 1, b"second").etag)]
            with self.refused(409, "FileAlreadyExists"):
                bucket.complete_multipart_upload("overwrite/parts", upload_id, parts, headers=at_complete)
            self.assert_stored("overwrite/parts", b"first")
            bucket.abort_multipart_upload("overwrite/parts", upload_id)


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

    def test_refuses_signature_version_2_and_no_signature(self):
        bucket = device(version="v2")
        for call in self.CALLS.values():
            with self.refused_at_edge(400, "InvalidArgument", oss2.exceptions.InvalidArgument):
                call(bucket)
        self.assert_refused(400, "InvalidArgument", "PUT", bucket.sign_url("PUT", "who/auth", 60))
        bucket.auth = oss2.AnonymousAuth()
        for call in self.CALLS.values():
            with self.refused_at_edge(403, "AccessDenied", oss2.exceptions.AccessDenied):
                call(bucket)

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
        super().setUp()
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

    def test_refuses_a_url_that_is_signed_for_reading(self):
        for version in ("v1", "v4"):
            self.assert_refused(405, "MethodNotAllowed", "GET", device(version=version).sign_url("GET", "stays", 60), body=None)


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


class SignatureVersion4(UploadTest):
    def test_puts_uploads_in_parts_and_aborts_in_each_style(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                bucket = device(**options, version="v4")
                body, parts = secrets.token_bytes(1000), [secrets.token_bytes(5 * MIB), secrets.token_bytes(1000)]
                bucket.put_object(f"v4/{style}/put", body)
                self.assert_stored(f"v4/{style}/put", body)
                upload_in_parts(bucket, f"v4/{style}/parts", parts)
                self.assert_stored(f"v4/{style}/parts", b"".join(parts))
                beforehand = s3.everything()
                upload_id = bucket.init_multipart_upload(f"v4/{style}/aborted").upload_id
                bucket.upload_part(f"v4/{style}/aborted", upload_id, 1, b"part")
                self.assertNotEqual(s3.everything(), beforehand)
                self.assertEqual(bucket.abort_multipart_upload(f"v4/{style}/aborted", upload_id).status, 204)
                self.assertEqual(s3.everything(), beforehand)

    def test_keeps_every_character_of_a_key_in_each_style(self):
        keys = [case["key"] for case in KEYS] + ["a?uploads", "a?partNumber=1&uploadId=b", "键" * 341]
        for key, (style, options) in itertools.product(keys, STYLES.items()):
            with self.subTest(key, style=style):
                bucket = device(**options, version="v4")
                put, part = secrets.token_bytes(100), secrets.token_bytes(200)
                bucket.put_object(key, put)
                self.assert_stored(key, put)
                upload_in_parts(bucket, key, [part])
                self.assert_stored(key, part)

    def test_carries_metadata_headers_and_storage_class(self):
        body = secrets.token_bytes(100)
        device(version="v4").put_object("v4/carried", body, headers=WhatAnObjectCarries.HEADERS)
        self.assert_stored("v4/carried", body, **WhatAnObjectCarries.CARRIED)
        parts = [secrets.token_bytes(5 * MIB), secrets.token_bytes(100)]
        upload_in_parts(device(version="v4"), "v4/carried", parts, headers=WhatAnObjectCarries.HEADERS)
        self.assert_stored("v4/carried", b"".join(parts), **WhatAnObjectCarries.CARRIED)

    def test_carries_metadata_beyond_ascii(self):
        headers = {"x-oss-meta-place": "深圳 7".encode()}
        metadata = {"place": "=?UTF-8?B?5rex5ZyzIDc=?="}
        device(version="v4").put_object("v4/place", b"x", headers=headers)
        self.assert_stored("v4/place", b"x", metadata=metadata)
        upload_in_parts(device(version="v4"), "v4/place", [b"xy"], headers=headers)
        self.assert_stored("v4/place", b"xy", metadata=metadata)

    def test_has_s3_check_a_content_md5(self):
        device(version="v4").put_object("v4/md5", b"x", headers={"Content-MD5": md5(b"x")})
        with self.refused(400, "InvalidDigest", oss2.exceptions.InvalidDigest):
            device(version="v4").put_object("v4/md5", b"x", headers={"Content-MD5": md5(b"another body")})

    def test_takes_signed_additional_headers_and_host_among_them(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                for key in (first_key, {**first_key, "accessKeySecret": "wrong"}):
                    bucket = device(**options, version="v4", key=key)
                    host = urllib.parse.urlsplit(bucket.sign_url("PUT", "key", 60)).netloc
                    bucket.auth = SigningAdditionalHeaders(key["accessKeyId"], key["accessKeySecret"])
                    headers = {"Host": host, "X-Of-The-Device": "7  8", "x-oss-meta-a": "b"}
                    if key is first_key:
                        put, part = secrets.token_bytes(100), secrets.token_bytes(200)
                        bucket.put_object("v4/additional", put, headers=headers)
                        self.assert_stored("v4/additional", put, metadata={"a": "b"})
                        upload_id = bucket.init_multipart_upload("v4/additional", headers=headers).upload_id
                        etag = bucket.upload_part("v4/additional", upload_id, 1, part, headers=headers).etag
                        bucket.complete_multipart_upload("v4/additional", upload_id, [PartInfo(1, etag)], headers=headers)
                        self.assert_stored("v4/additional", part, metadata={"a": "b"})
                        continue
                    for call in (lambda: bucket.put_object("key", b"x", headers=headers), lambda: bucket.init_multipart_upload("key", headers=headers)):
                        with self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch) as caught:
                            call()
                        self.assertIn(f"\nhost:{host}\n", caught.exception.details["CanonicalRequest"])

    def test_refuses_a_wrong_secret_and_shows_the_canonical_request_that_oss2_signed(self):
        wrong = {**first_key, "accessKeySecret": "wrong"}
        for operation, call in WhoMayUpload.CALLS.items():
            with self.subTest(operation):
                with self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch) as caught:
                    with self.assertLogs("oss2.auth", "DEBUG") as logs:
                        call(device(key=wrong, version="v4"))
                details = caught.exception.details
                messages = [record.getMessage() for record in logs.records]
                self.assertIn(f"Make signature: canonical_request = {details['CanonicalRequest'].encode()}", messages)
                self.assertIn(f"Make signature: string to be signed = {details['StringToSign']}", messages)
                self.assertRegex(details["SignatureProvided"], r"^[0-9a-f]{64}$")
                self.assertEqual(details["OSSAccessKeyId"], first_key["accessKeyId"])

    def test_refuses_an_unknown_access_key(self):
        unknown = {**first_key, "accessKeyId": "LTAI5tNobodyKnowsThis"}
        for operation, call in WhoMayUpload.CALLS.items():
            with self.subTest(operation), self.refused_at_edge(403, "InvalidAccessKeyId"):
                call(device(key=unknown, version="v4"))

    def test_refuses_a_clock_that_is_off(self):
        for (operation, call), minutes in itertools.product(WhoMayUpload.CALLS.items(), (-24 * 60, -6, 6, 24 * 60)):
            with self.subTest(operation, minutes=minutes):
                with v4_clock_off_by(minutes * MINUTE), self.refused_at_edge(403, "RequestTimeTooSkewed") as caught:
                    call(device(version="v4"))
                self.assertEqual(caught.exception.details["MaxAllowedSkewMilliseconds"], "300000")

    def test_takes_a_clock_that_is_4_of_the_5_minutes_off_that_are_allowed(self):
        for minutes in (-4, 4):
            with v4_clock_off_by(minutes * MINUTE):
                upload_in_parts(device(version="v4"), f"v4/at {minutes}", [b"x"])
            self.assert_stored(f"v4/at {minutes}", b"x")

    def test_refuses_a_signature_over_another_bucket_than_the_one_that_the_host_stands_for(self):
        with self.refused_at_edge(403, "SignatureDoesNotMatch", oss2.exceptions.SignatureDoesNotMatch):
            device(bucket=s3.fixture["otherBucket"], version="v4").put_object("key", b"x")

    def test_takes_another_product_only_if_it_is_oss_s(self):
        bucket = device(version="v4", cloudbox_id="cb-123")
        bucket.put_object("v4/cloudbox", b"x")
        self.assert_stored("v4/cloudbox", b"x")


class SigningAdditionalHeaders(oss2.AuthV4):
    """Signs every header that a request has; oss2 itself can, but its Bucket never asks for it."""

    def _sign_request(self, req, bucket_name, key):
        super()._sign_request(req, bucket_name, key, {"Host", "User-Agent", "X-Of-The-Device"})


class SignedUrls(UploadTest):
    VERSIONS = ("v1", "v4")
    MISMATCH = (403, "SignatureDoesNotMatch")

    def sign(self, version, name, method="PUT", seconds=60, headers=None, params=None, slash_safe=False, additional=None, **options):
        """A URL whose end is so many seconds ahead, or behind; one of version 4 was then signed before it ended."""
        bucket = device(version=version, **options)
        options = {"headers": headers, "params": params, "slash_safe": slash_safe}
        if version == "v4" and additional:
            options["additional_headers"] = additional
        if version == "v4" and seconds < 0:
            with v4_clock_off_by(seconds - 60):
                return bucket.sign_url(method, name, 60, **options)
        return bucket.sign_url(method, name, seconds, **options)

    def test_puts_an_object_in_each_style(self):
        for version, (style, options), slash_safe in itertools.product(self.VERSIONS, STYLES.items(), (False, True)):
            with self.subTest(version, style=style, slash_safe=slash_safe):
                body, key = secrets.token_bytes(1000), f"url {version}/{style}"
                url = self.sign(version, key, slash_safe=slash_safe, **options)
                self.assertEqual("%2F" in urllib.parse.urlsplit(url).path, not slash_safe)
                answer = uploads.send("PUT", url, body)
                self.assertEqual((answer.status_code, answer.headers["ETag"]), (200, f'"{hashlib.md5(body).hexdigest()}"'), answer.text)
                self.assert_stored(key, body)

    def test_puts_an_object_by_oss2_itself(self):
        for version in self.VERSIONS:
            bucket = device(version=version)
            self.assertEqual(bucket.put_object_with_url(bucket.sign_url("PUT", "url/oss2", 60), version.encode()).status, 200)
            self.assert_stored("url/oss2", version.encode())

    def test_keeps_every_character_of_a_key(self):
        keys = [case["key"] for case in KEYS]
        for version, key, slash_safe, style in itertools.product(self.VERSIONS, keys, (False, True), ("cname", "path")):
            with self.subTest(version, key=key, slash_safe=slash_safe, style=style):
                body = secrets.token_bytes(100)
                answer = uploads.send("PUT", self.sign(version, key, slash_safe=slash_safe, **STYLES[style]), body)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assert_stored(key, body)

    def test_carries_the_headers_that_were_signed_and_no_others(self):
        signed = {"Content-Type": "text/x-log", "x-oss-meta-device": "7"}
        for version in self.VERSIONS:
            url = self.sign(version, "url/headers", headers=signed)
            self.assertEqual(uploads.send("PUT", url, b"x", signed).status_code, 200)
            self.assert_stored("url/headers", b"x", contentType="text/x-log", metadata={"device": "7"})
            for headers in (
                {**signed, "Content-Type": "text/html"},
                {**signed, "x-oss-meta-device": "8"},
                {**signed, "x-oss-meta-another": "7"},
                {"Content-Type": "text/x-log"},
                {"x-oss-meta-device": "7"},
            ):
                with self.subTest(version, headers=headers):
                    self.assert_refused(*self.MISMATCH, "PUT", url, headers=headers)

    def test_binds_additional_headers_by_version_4(self):
        signed = {"X-Of-The-Device": "7", "Host": f"uploads.test:{gateway.port}"}
        url = self.sign("v4", "url/additional", headers=signed, additional=list(signed))
        self.assertIn("x-oss-additional-headers=host%3Bx-of-the-device", url)
        self.assertEqual(uploads.send("PUT", url, b"x", {"X-Of-The-Device": "7"}).status_code, 200)
        self.assert_stored("url/additional", b"x")
        self.assert_refused(*self.MISMATCH, "PUT", url, headers={"X-Of-The-Device": "8"})
        self.assert_refused(*self.MISMATCH, "PUT", url)
        elsewhere = url.replace("uploads.test", f"{s3.fixture['bucket']}.oss.test")
        self.assert_refused(*self.MISMATCH, "PUT", elsewhere, headers={"X-Of-The-Device": "7"})

    def test_is_for_one_method_one_key_one_bucket_and_one_secret(self):
        for version in self.VERSIONS:
            with self.subTest(version):
                sign = lambda **options: self.sign(version, "url/key", **options)  # noqa: E731
                self.assert_refused(*self.MISMATCH, "PUT", sign(method="GET"))
                self.assert_refused(*self.MISMATCH, "POST", sign(params={"uploadId": "an-id"}))
                self.assert_refused(405, "MethodNotAllowed", "GET", sign(), body=None)
                self.assert_refused(*self.MISMATCH, "PUT", sign().replace("key", "other"))
                self.assert_refused(*self.MISMATCH, "PUT", sign() + "&partNumber=1&uploadId=an-id")
                self.assert_refused(*self.MISMATCH, "PUT", sign(bucket=s3.fixture["otherBucket"]))
                self.assert_refused(*self.MISMATCH, "PUT", sign(key={**first_key, "accessKeySecret": "wrong"}))
                self.assert_refused(403, "InvalidAccessKeyId", "PUT", sign(key={**first_key, "accessKeyId": "LTAI5tNobody"}))

    def test_ends_when_it_says_and_may_not_end_too_late(self):
        day = 24 * HOUR
        for version in self.VERSIONS:
            with self.subTest(version):
                for seconds in (-1, -HOUR, -30 * day):
                    url = self.sign(version, "url/time", seconds=seconds)
                    self.assert_refused(403, "AccessDenied", "PUT", url, message="Request has expired.")
                url = self.sign(version, "url/time")
                altered = re.sub(r"(Expires|x-oss-expires)=(\d+)", lambda found: f"{found[1]}={int(found[2]) + 60}", url)
                self.assertNotEqual(altered, url)
                self.assert_refused(*self.MISMATCH, "PUT", altered)
                self.assert_refused(400, "InvalidArgument", "PUT", self.sign(version, "url/time", seconds=day + 60))
                self.assertEqual(uploads.send("PUT", self.sign(version, "url/time", seconds=day - 60), b"x").status_code, 200)
                self.assert_stored("url/time", b"x")

    def test_may_not_be_signed_ahead_by_version_4(self):
        with v4_clock_off_by(6 * MINUTE):
            url = device(version="v4").sign_url("PUT", "url/ahead", 60)
        self.assert_refused(403, "AccessDenied", "PUT", url)

    def test_is_refused_beside_a_signature_in_the_header(self):
        for version, authorization in itertools.product(self.VERSIONS, ("OSS LTAI5tEndToEndDevice1:c2ln", "OSS4-HMAC-SHA256 Credential=a")):
            with self.subTest(version, authorization=authorization):
                url = self.sign(version, "url/two")
                self.assert_refused(400, "InvalidArgument", "PUT", url, headers={"Authorization": authorization})

    def test_is_refused_beside_one_of_the_other_version(self):
        one, other = (self.sign(version, "url/two") for version in self.VERSIONS)
        self.assert_refused(400, "InvalidArgument", "PUT", f"{one}&{urllib.parse.urlsplit(other).query}")

    def test_begins_an_upload_sends_its_part_lists_it_completes_it_and_aborts_another(self):
        for version in self.VERSIONS:
            with self.subTest(version):
                key, part = f"url {version}/日 parts", secrets.token_bytes(200)

                def begin():
                    answer = uploads.send("POST", self.sign(version, key, method="POST", params={"uploads": ""}))
                    self.assertEqual(answer.status_code, 200, answer.text)
                    return re.search("<UploadId>(.*?)</UploadId>", answer.text)[1]

                def send_part(upload_id):
                    answer = uploads.send("PUT", self.sign(version, key, params={"partNumber": "1", "uploadId": upload_id}), part)
                    self.assertEqual(answer.status_code, 200, answer.text)
                    return answer.headers["ETag"]

                upload_id = begin()
                listed = f"<Part><PartNumber>1</PartNumber><ETag>{send_part(upload_id)}</ETag></Part>"
                answer = uploads.send("GET", self.sign(version, key, method="GET", params={"uploadId": upload_id}))
                self.assertIn("<Size>200</Size>", answer.text)
                url = self.sign(version, key, method="POST", params={"uploadId": upload_id})
                answer = uploads.send("POST", url, f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>")
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assert_stored(key, part)
                with self.s3_as_it_was():
                    upload_id = begin()
                    send_part(upload_id)
                    answer = uploads.send("DELETE", self.sign(version, key, method="DELETE", params={"uploadId": upload_id}))
                    self.assertEqual(answer.status_code, 204, answer.text)


class SecurityTokens(UploadTest):
    VERSIONS = ("v1", "v4")

    def wrong_keys(self):
        token = sts_key["securityToken"]
        return {
            "a wrong token": {**sts_key, "securityToken": token + "x"},
            "a token that is cut off": {**sts_key, "securityToken": token[:-1]},
            "no token": {name: value for name, value in sts_key.items() if name != "securityToken"},
            "the token on a key that has none": {**first_key, "securityToken": token},
            "any token on a key that has none": {**second_key, "securityToken": "any"},
        }

    def test_takes_the_keys_token_in_the_header(self):
        for version, (style, options) in itertools.product(self.VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                bucket = device(key=sts_key, version=version, **options)
                self.assertIsInstance(bucket.auth, oss2.StsAuth)
                put, part = secrets.token_bytes(100), secrets.token_bytes(200)
                bucket.put_object("sts/put", put)
                self.assert_stored("sts/put", put)
                upload_in_parts(bucket, "sts/put", [part])
                self.assert_stored("sts/put", part)
                with self.s3_as_it_was():
                    bucket.abort_multipart_upload("sts/put", bucket.init_multipart_upload("sts/put").upload_id)

    def test_takes_the_keys_token_in_a_url(self):
        for version, (style, options) in itertools.product(self.VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                body = secrets.token_bytes(100)
                answer = uploads.send("PUT", device(key=sts_key, version=version, **options).sign_url("PUT", "sts/url", 60), body)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assert_stored("sts/url", body)

    def test_refuses_every_other_token_and_none(self):
        for version, (what, key) in itertools.product(self.VERSIONS, self.wrong_keys().items()):
            bucket = device(key=key, version=version)
            for operation, call in WhoMayUpload.CALLS.items():
                with self.subTest(version, what=what, operation=operation), self.refused_at_edge(403, "InvalidSecurityToken"):
                    call(bucket)
            with self.subTest(version, what=what):
                self.assert_refused(403, "InvalidSecurityToken", "PUT", bucket.sign_url("PUT", "sts/key", 60))

    def test_refuses_a_token_that_is_put_beside_the_signature(self):
        no_token = self.wrong_keys()["no token"]
        for version, name in (("v1", "security-token"), ("v4", "x-oss-security-token")):
            with self.subTest(version):
                url = device(key=no_token, version=version).sign_url("PUT", "sts/key", 60)
                token = urllib.parse.quote(sts_key["securityToken"], safe="")
                self.assert_refused(403, "SignatureDoesNotMatch", "PUT", f"{url}&{name}={token}")
                self.assert_refused(403, "SignatureDoesNotMatch", "PUT", url, headers={"x-oss-security-token": sts_key["securityToken"]})

    def test_refuses_signature_version_2_with_the_right_token(self):
        with self.refused_at_edge(400, "InvalidArgument", oss2.exceptions.InvalidArgument):
            device(key=sts_key, version="v2").put_object("sts/key", b"x")


class ResumableUpload(UploadTest):
    IN_PARTS = {"multipart_threshold": 5 * MIB, "part_size": 5 * MIB, "num_threads": 1}

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def upload(self, key, body, bucket=None, **options):
        """The helper over a file, its checkpoint kept beside the file and not in the user's home."""
        file = self.folder / "file.bin"
        if not file.exists():
            file.write_bytes(body)
        return oss2.resumable_upload(bucket or device(), key, str(file), store=oss2.ResumableStore(root=str(self.folder)), **options)

    def test_puts_a_file_below_the_threshold_at_once(self):
        body = secrets.token_bytes(6 * MIB)
        self.upload("resumable/below", body)
        self.assert_stored("resumable/below", body)

    def test_uploads_a_file_in_parts_though_it_lists_the_parts_of_every_upload_a_fresh_one_too(self):
        body = secrets.token_bytes(11 * MIB)
        for version in ("v1", "v4"):
            with self.subTest(version), recorded() as sent:
                self.upload(f"resumable/{version}", body, device(version=version), **self.IN_PARTS)
                self.assert_stored(f"resumable/{version}", body)
                self.assertEqual([method for method, _ in sent], ["POST", "GET", "PUT", "PUT", "PUT", "POST"])

    def test_resumes_an_upload_that_broke_off_with_the_parts_that_s3_has(self):
        body = secrets.token_bytes(16 * MIB)
        send_part = oss2.Bucket.upload_part

        def breaks_off(bucket, key, upload_id, number, *arguments, **options):
            if number == 3:
                raise ConnectionError("the network is gone")
            return send_part(bucket, key, upload_id, number, *arguments, **options)

        with mock.patch.object(oss2.Bucket, "upload_part", breaks_off), self.assertRaises(ConnectionError):
            self.upload("resumable/broken", body, **self.IN_PARTS)
        with recorded() as sent:
            self.upload("resumable/broken", body, **self.IN_PARTS)
        self.assert_stored("resumable/broken", body)
        self.assertEqual([method for method, _ in sent], ["GET", "GET", "GET", "PUT", "PUT", "POST"])
        self.assertEqual([parameters["partNumber"] for method, parameters in sent if method == "PUT"], ["3", "4"])

    def test_begins_anew_when_the_upload_it_remembers_was_aborted(self):
        body = secrets.token_bytes(11 * MIB)
        with mock.patch.object(oss2.Bucket, "upload_part", side_effect=ConnectionError), self.assertRaises(ConnectionError):
            self.upload("resumable/aborted", body, **self.IN_PARTS)
        (checkpoint,) = self.folder.glob(".py-oss-upload/*")
        device().abort_multipart_upload("resumable/aborted", json.loads(checkpoint.read_text())["upload_id"])
        with recorded() as sent:
            self.upload("resumable/aborted", body, **self.IN_PARTS)
        self.assert_stored("resumable/aborted", body)
        self.assertEqual([method for method, _ in sent][:3], ["GET", "POST", "GET"])

    def test_lists_parts_page_by_page(self):
        numbers = (1, 2, 3, 7, 10_000)
        for version in ("v1", "v4"):
            with self.subTest(version):
                bucket, key = device(version=version), "resumable/<a> & 日"
                upload_id = bucket.init_multipart_upload(key).upload_id
                etags = [bucket.upload_part(key, upload_id, number, str(number)).etag for number in numbers]
                with recorded() as sent:
                    listed = list(oss2.PartIterator(bucket, key, upload_id, max_parts=2))
                self.assertEqual([(part.part_number, part.etag, part.size) for part in listed], [(n, e, len(str(n))) for n, e in zip(numbers, etags)])
                self.assertEqual(len(sent), 3)
                bucket.abort_multipart_upload(key, upload_id)
                with self.refused(404, "NoSuchUpload", oss2.exceptions.NoSuchUpload):
                    bucket.list_parts(key, upload_id)


class OtherDeployments(UploadTest):
    """What a device gets where a deployment left something out or chose otherwise."""

    def served(self, *arguments, **config):
        other = Gateway(s3, s3.fixture["accessKeys"]["accessKeys"], *arguments, **config)
        self.addCleanup(other.close)
        return device(at=other)

    def test_without_list_parts_the_helper_fails_and_plain_uploads_in_parts_work(self):
        bucket = self.served(listParts=False)
        upload_in_parts(bucket, "other/no-list", [b"x"])
        self.assert_stored("other/no-list", b"x")
        with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
            file.write(b"x" * 1000)
            file.flush()
            with self.assertRaises(oss2.exceptions.NoSuchUpload) as caught:
                oss2.resumable_upload(bucket, "other/fails", file.name, store=oss2.ResumableStore(root=folder), multipart_threshold=100, part_size=102400)
        self.assertEqual((caught.exception.status, caught.exception.code), (404, "NoSuchUpload"))

    def test_completes_straight_to_s3(self):
        bucket = self.served(completeMultipartUpload="s3")
        result = upload_in_parts(bucket, "other/straight", [b"x"])
        self.assertEqual(result.status, 200)
        self.assert_stored("other/straight", b"x")
        upload_id = bucket.init_multipart_upload("other/straight").upload_id
        with self.refused(400, "InvalidPart"):
            bucket.complete_multipart_upload("other/straight", upload_id, [PartInfo(1, "0" * 32)])
        bucket.abort_multipart_upload("other/straight", upload_id)

    def test_without_origin_response_uploads_work_and_errors_are_in_s3s_words(self):
        bucket = self.served("--no-origin-response")
        body = secrets.token_bytes(1000)
        result = bucket.put_object("other/plain", body)
        self.assertEqual((result.status, result.etag, result.request_id), (200, hashlib.md5(body).hexdigest(), ""))
        upload_in_parts(bucket, "other/plain", [body])
        self.assert_stored("other/plain", body)
        with self.refused(400, "BadDigest"):
            bucket.put_object("other/plain", b"x", headers={"Content-MD5": md5(b"another body")})
        if not uploads.ONE_FUNCTION:
            with self.refused(412, "PreconditionFailed", oss2.exceptions.PreconditionFailed):
                bucket.put_object("other/plain", b"x", headers=Overwriting.FORBIDDEN)

    def test_a_relay_takes_bodies_without_a_length_and_oss2_finds_its_checksum_right(self):
        bucket = self.served(api=None, relay={"domain": "relay.example.com", "path": ""}, bodiesWithoutLength="relay")
        for size in [0, 1, 5 * MIB, 5 * MIB + 1, 11 * MIB]:
            body = secrets.token_bytes(size)
            pieces = (body[at : at + 100_000] for at in range(0, size, 100_000))
            with self.subTest(size):
                # oss2 compares its own CRC-64 with the answer's.
                result = bucket.put_object(f"relay/{size}", pieces, headers={"x-oss-meta-n": str(size)})
                self.assertEqual((result.status, result.etag), (200, hashlib.md5(body).hexdigest()))
                self.assertEqual(int(result.headers["x-oss-hash-crc64ecma"]), result.crc)
                self.assert_stored(f"relay/{size}", body, metadata={"n": str(size)})
        bucket.put_object("relay/empty", b"")
        self.assert_stored("relay/empty", b"")
        parts = [secrets.token_bytes(5 * MIB), b"the end"]
        upload_id = bucket.init_multipart_upload("relay/parts").upload_id
        done = [bucket.upload_part("relay/parts", upload_id, number, iter([part])) for number, part in enumerate(parts, 1)]
        bucket.complete_multipart_upload("relay/parts", upload_id, [PartInfo(number, part.etag) for number, part in enumerate(done, 1)])
        self.assert_stored("relay/parts", b"".join(parts))

    def test_completes_with_every_part_that_was_sent_when_asked_to(self):
        bucket = device()
        upload_id = bucket.init_multipart_upload("other/all").upload_id
        parts = [secrets.token_bytes(5 * MIB), b"the end"]
        for number, part in enumerate(parts, 1):
            bucket.upload_part("other/all", upload_id, number, part)
        self.assertEqual(bucket.complete_multipart_upload("other/all", upload_id, [], headers={"x-oss-complete-all": "yes"}).status, 200)
        self.assert_stored("other/all", b"".join(parts))

    def test_maps_headers_as_configured(self):
        bucket = self.served(headers={"storageClasses": {"IA": "GLACIER_IR"}, "tagging": True, "publicAcl": "dropped"})
        bucket.put_object("other/class", b"x", headers={"x-oss-storage-class": "IA", "x-oss-tagging": "a=b&c", "x-oss-object-acl": "public-read"})
        self.assert_stored("other/class", b"x", storageClass="GLACIER_IR")


if __name__ == "__main__":
    unittest.main()
