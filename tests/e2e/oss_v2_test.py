"""alibabacloud-oss-v2 uploads through the gateway, a process of its own; what arrived is read from S3, another one."""

import contextlib
import datetime
import hashlib
import itertools
import re
import secrets
import tempfile
import urllib.parse
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import alibabacloud_oss_v2 as oss
import requests

import uploads
from uploads import KEYS, MIB, MINUTE, REQUEST_ID, md5

# The host of each addressing style; the SDK takes an IP address as path style by itself.
STYLES = {
    "cname": {"host": "uploads.test", "use_cname": True},
    "virtual-hosted": {"host": "oss.test"},
    "path": {"host": "path.test", "use_path_style": True},
    "path at an IP address": {"host": "127.0.0.1"},
}
VERSIONS = ("v4", "v1")


def setUpModule():
    global s3, gateway, first_key, second_key, sts_key, BUCKET
    s3, gateway = uploads.start(f"alibabacloud-python-sdk-v2/{oss.__version__}")
    first_key, second_key, sts_key = s3.fixture["accessKeys"]["accessKeys"]
    BUCKET = s3.fixture["bucket"]


def device(host="uploads.test", use_cname=None, key=None, version=None, retryer=None, **options):
    """A client, as a device has it: by default at the host of the first bucket, and by version 4."""
    key = key or first_key
    credentials = oss.credentials.StaticCredentialsProvider(key["accessKeyId"], key["accessKeySecret"], key.get("securityToken"))
    session = requests.Session()
    session.trust_env = False
    config = oss.config.Config(
        region="cn-hangzhou",
        endpoint=f"http://{host}:{gateway.port}",
        signature_version=version,
        credentials_provider=credentials,
        http_client=oss.transport.RequestsHttpClient(session=session),
        use_cname=host == "uploads.test" if use_cname is None else use_cname,
        retryer=retryer,
        **options,
    )
    return oss.Client(config)


def put(client, key, body, **options):
    return client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=key, body=body, **options))


def begin(client, key, **options):
    return client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key, **options)).upload_id


def send_part(client, key, upload_id, number, body):
    return client.upload_part(oss.UploadPartRequest(bucket=BUCKET, key=key, upload_id=upload_id, part_number=number, body=body))


def completing(key, upload_id, etags):
    parts = [oss.UploadPart(part_number=number, etag=etag) for number, etag in enumerate(etags, 1)]
    listed = oss.CompleteMultipartUpload(parts=parts)
    return oss.CompleteMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload_id, complete_multipart_upload=listed)


def abort(client, key, upload_id):
    return client.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload_id))


def upload_in_parts(client, key, parts, **options):
    upload_id = begin(client, key, **options)
    etags = [send_part(client, key, upload_id, number, part).etag for number, part in enumerate(parts, 1)]
    return client.complete_multipart_upload(completing(key, upload_id, etags))


CALLS = {
    "PutObject": lambda client: put(client, "who/key", b"x"),
    "InitiateMultipartUpload": lambda client: begin(client, "who/key"),
    "UploadPart": lambda client: send_part(client, "who/key", "an-id", 1, b"x"),
    "CompleteMultipartUpload": lambda client: client.complete_multipart_upload(completing("who/key", "an-id", ["e"])),
    "AbortMultipartUpload": lambda client: abort(client, "who/key", "an-id"),
}


def clock_off_by(seconds):
    """Sets the clock that the SDK dates its requests and its URLs of version 4 by."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda _zone: now), timedelta=datetime.timedelta, timezone=datetime.timezone)
    patches = contextlib.ExitStack()
    for version in VERSIONS:
        patches.enter_context(mock.patch(f"alibabacloud_oss_v2.signer.{version}.datetime", clock))
    return patches


@contextlib.contextmanager
def recorded(client):
    """The requests that the SDK sends meanwhile."""
    transport = client._client._options.http_client
    with mock.patch.object(transport, "send", wraps=transport.send) as send:
        sent = []
        send.side_effect = lambda request, **_: sent.append(request) or mock.DEFAULT
        yield sent


class UploadTest(uploads.UploadTest):
    @contextlib.contextmanager
    def refused(self, status, code):
        """The call is refused with the SDK's own exceptions, and leaves S3 as it was."""
        with self.s3_as_it_was(), self.assertRaises(oss.exceptions.OperationError) as caught:
            yield caught
        caught.error = error = caught.exception.unwrap()
        self.assertIs(type(error), oss.exceptions.ServiceError, str(error))
        self.assertEqual((error.status_code, error.code), (status, code), str(error))

    @contextlib.contextmanager
    def refused_at_edge(self, status, code):
        """Refused by the gateway itself, in OSS's form."""
        with self.refused(status, code) as caught:
            yield caught
        error = caught.error
        self.assertRegex(error.request_id, REQUEST_ID)
        self.assertRegex(error.ec, r"^\d{4}-\d{8}$")
        self.assertEqual((error.error_fileds["RequestId"], error.headers["x-oss-ec"]), (error.request_id, error.ec))
        self.assertTrue(error.message)
        self.assertIsNotNone(error.timestamp)


class Uploading(UploadTest):
    def test_signs_by_version_4_unless_told_otherwise(self):
        for version, expected in ((None, "OSS4-HMAC-SHA256"), ("v4", "OSS4-HMAC-SHA256"), ("v1", "OSS")):
            with self.subTest(version), recorded(client := device(version=version)) as sent:
                put(client, "version", b"x")
                self.assertEqual([request.headers["Authorization"].split(" ")[0] for request in sent], [expected])

    def test_puts_uploads_in_parts_and_aborts_in_each_style(self):
        for version, (style, options) in itertools.product(VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                client, key = device(version=version, **options), f"{version}/{style}"
                body, parts = secrets.token_bytes(1000), [secrets.token_bytes(5 * MIB), secrets.token_bytes(1000)]
                result = put(client, key, body)
                self.assertEqual((result.status_code, result.etag), (200, f'"{hashlib.md5(body).hexdigest()}"'))
                self.assert_stored(key, body)
                self.assertEqual(upload_in_parts(client, key, parts).status_code, 200)
                self.assert_stored(key, b"".join(parts))
                beforehand = s3.everything()
                upload_id = begin(client, key)
                send_part(client, key, upload_id, 1, b"part")
                self.assertNotEqual(s3.everything(), beforehand)
                self.assertEqual(abort(client, key, upload_id).status_code, 204)
                self.assertEqual(s3.everything(), beforehand)

    def test_keeps_every_character_of_a_key(self):
        keys = [case["key"] for case in KEYS]
        for version, key, (style, options) in itertools.product(VERSIONS, keys, STYLES.items()):
            with self.subTest(version, key=key, style=style):
                client = device(version=version, **options)
                body, part = secrets.token_bytes(100), secrets.token_bytes(200)
                put(client, key, body)
                self.assert_stored(key, body)
                upload_in_parts(client, key, [part])
                self.assert_stored(key, part)

    def test_carries_metadata_headers_and_storage_class(self):
        carried = {
            "metadata": {"device": "7", "note": 'a = b; "c"'},
            "contentType": "text/x-log",
            "cacheControl": "max-age=60, private",
            "contentDisposition": 'attachment; filename="log.txt"',
            "storageClass": "STANDARD_IA",
        }
        options = {
            "metadata": carried["metadata"],
            "content_type": "text/x-log",
            "cache_control": "max-age=60, private",
            "content_disposition": 'attachment; filename="log.txt"',
            "storage_class": "IA",
        }
        for version in VERSIONS:
            with self.subTest(version):
                put(device(version=version), "carried", version.encode(), **options)
                self.assert_stored("carried", version.encode(), **carried)
                upload_in_parts(device(version=version), "carried", [b"parts " + version.encode()], **options)
                self.assert_stored("carried", b"parts " + version.encode(), **carried)

    def test_has_s3_check_a_content_md5(self):
        put(device(), "md5", b"x", content_md5=md5(b"x"))
        self.assert_stored("md5", b"x")
        with self.refused(400, "InvalidDigest"):
            put(device(), "md5", b"x", content_md5=md5(b"another body"))

    def test_puts_a_file_and_an_empty_object(self):
        for version in VERSIONS:
            put(device(version=version), "empty", b"")
            self.assert_stored("empty", b"")
            body = secrets.token_bytes(300_000)
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "file.bin")
                file.write_bytes(body)
                request = oss.PutObjectRequest(bucket=BUCKET, key="file")
                self.assertEqual(device(version=version).put_object_from_file(request, str(file)).status_code, 200)
            self.assert_stored("file", body)

    def test_uploads_by_its_uploader_in_parts_that_s3_takes(self):
        body = secrets.token_bytes(11 * MIB)
        for version in VERSIONS:
            with self.subTest(version), tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "file.bin")
                file.write_bytes(body)
                uploader = device(version=version).uploader(part_size=5 * MIB, parallel_num=2)
                result = uploader.upload_file(oss.PutObjectRequest(bucket=BUCKET, key=f"uploader/{version}"), str(file))
                self.assertEqual(result.status_code, 200)
                self.assert_stored(f"uploader/{version}", body)

    def test_resumes_by_its_uploader_with_the_parts_that_s3_has(self):
        body = secrets.token_bytes(16 * MIB)
        for version in VERSIONS:
            with self.subTest(version), tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "file.bin")
                file.write_bytes(body)
                request = oss.PutObjectRequest(bucket=BUCKET, key=f"uploader/resumed {version}")

                def upload(client):
                    options = {"part_size": 5 * MIB, "parallel_num": 1, "enable_checkpoint": True, "checkpoint_dir": folder}
                    return client.uploader(**options).upload_file(request, str(file))

                client = device(version=version)
                send_part = client.upload_part

                def breaks_off(part):
                    if part.part_number == 3:
                        raise ConnectionError("the network is gone")
                    return send_part(part)

                with mock.patch.object(client, "upload_part", breaks_off), self.assertRaises(oss.UploadError):
                    upload(client)
                with recorded(client := device(version=version)) as sent:
                    self.assertEqual(upload(client).status_code, 200)
                self.assert_stored(f"uploader/resumed {version}", body)
                self.assertEqual([request.method for request in sent], ["GET", "PUT", "PUT", "POST"])

    def test_signs_no_additional_headers_though_configured_to_because_its_client_does_not_pass_them_to_its_signer(self):
        with recorded(client := device(additional_headers=["host", "user-agent"])) as sent:
            put(client, "additional", b"x")
        self.assertNotIn("AdditionalHeaders", sent[0].headers["Authorization"])
        self.assert_stored("additional", b"x")

    def test_takes_additional_headers_that_its_signer_is_given(self):
        for style, options in STYLES.items():
            with self.subTest(style):
                client = device(**options)
                signer = client._client._options.signer
                sign = signer.sign

                def sign_more(context):
                    context.request.headers["Host"] = urllib.parse.urlsplit(context.request.url).netloc
                    context.additional_headers = {"Host", "User-Agent"}
                    sign(context)
                    self.assertIn(",AdditionalHeaders=host;user-agent,", context.request.headers["Authorization"])

                with mock.patch.object(signer, "sign", sign_more):
                    put(client, "additional", style.encode())
                    self.assert_stored("additional", style.encode())
                    upload_in_parts(client, "additional", [b"parts " + style.encode()], metadata={"a": "b"})
                self.assert_stored("additional", b"parts " + style.encode(), metadata={"a": "b"})


class CompleteMultipartUpload(UploadTest):
    def test_finds_bucket_key_etag_and_location_in_the_answer(self):
        key = "complete/<a> & 日 +%.txt"
        for version in VERSIONS:
            with self.subTest(version):
                result = upload_in_parts(device(version=version), key, [version.encode()])
                self.assertEqual((result.status_code, result.bucket, result.key), (200, BUCKET, key))
                digest = hashlib.md5(hashlib.md5(version.encode()).digest()).hexdigest()
                self.assertEqual(result.etag, f'"{digest}-1"')
                self.assertEqual(urllib.parse.unquote(result.location), f"http://uploads.test:{gateway.port}/{key}")
                self.assert_stored(key, version.encode())

    def test_raises_what_s3_says_of_parts_that_do_not_fit(self):
        for version in VERSIONS:
            client = device(version=version)
            upload_id = begin(client, "complete/refused")
            etags = [send_part(client, "complete/refused", upload_id, number, b"small").etag for number in (1, 2)]
            for expected, etags in (((400, "EntityTooSmall"), etags), ((400, "InvalidPart"), [etags[0], '"' + "0" * 32 + '"'])):
                with self.subTest(version, expected=expected), self.refused(*expected) as caught:
                    client.complete_multipart_upload(completing("complete/refused", upload_id, etags))
                self.assertRegex(caught.error.request_id, REQUEST_ID)
            abort(client, "complete/refused", upload_id)
            with self.subTest(version), self.refused(404, "NoSuchUpload"):
                client.complete_multipart_upload(completing("complete/refused", upload_id, etags))

    def test_finds_bucket_key_and_upload_id_in_the_answer_to_initiate(self):
        key = "<a> & 日/📷 +%.txt"
        for version in VERSIONS:
            client = device(version=version)
            result = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key))
            self.assertEqual((result.bucket, result.key), (BUCKET, key))
            self.assertTrue(result.upload_id)
            abort(client, key, result.upload_id)


class WhoMayUpload(UploadTest):
    def test_refuses_a_wrong_secret(self):
        wrong = {**first_key, "accessKeySecret": "wrong"}
        for version, (operation, call) in itertools.product(VERSIONS, CALLS.items()):
            with self.subTest(version, operation=operation):
                with self.refused_at_edge(403, "SignatureDoesNotMatch") as caught:
                    call(device(key=wrong, version=version))
                fields = caught.error.error_fileds
                self.assertEqual((fields["OSSAccessKeyId"], "CanonicalRequest" in fields), (first_key["accessKeyId"], version == "v4"))

    def test_refuses_an_unknown_access_key(self):
        unknown = {**first_key, "accessKeyId": "LTAI5tNobodyKnowsThis"}
        for version, (operation, call) in itertools.product(VERSIONS, CALLS.items()):
            with self.subTest(version, operation=operation), self.refused_at_edge(403, "InvalidAccessKeyId"):
                call(device(key=unknown, version=version))

    def test_refuses_a_clock_that_is_off(self):
        once = oss.retry.NopRetryer()
        for version, (operation, call), minutes in itertools.product(VERSIONS, CALLS.items(), (-24 * 60, -6, 6, 24 * 60)):
            with self.subTest(version, operation=operation, minutes=minutes):
                with clock_off_by(minutes * MINUTE), self.refused_at_edge(403, "RequestTimeTooSkewed"):
                    call(device(version=version, retryer=once))

    def test_asks_three_times_with_the_same_wrong_clock_because_it_repeats_the_code_request_time_too_skewed(self):
        client = device(retryer=oss.retry.StandardRetryer(max_attempts=3, max_backoff=0.01))
        with recorded(client) as sent, clock_off_by(-6 * MINUTE), self.refused_at_edge(403, "RequestTimeTooSkewed"):
            put(client, "who/late", b"x")
        self.assertEqual(len(sent), 3)

    def test_takes_a_clock_that_is_4_of_the_5_minutes_off_that_are_allowed(self):
        for version, minutes in itertools.product(VERSIONS, (-4, 4)):
            with clock_off_by(minutes * MINUTE):
                upload_in_parts(device(version=version), f"who/{version} at {minutes}", [b"x"])
            self.assert_stored(f"who/{version} at {minutes}", b"x")

    def test_refuses_no_signature(self):
        client = device()
        client._client._options.credentials_provider = oss.credentials.AnonymousCredentialsProvider()
        for operation, call in CALLS.items():
            with self.subTest(operation), self.refused_at_edge(403, "AccessDenied"):
                call(client)

    def test_refuses_operations_that_are_not_served(self):
        for version in VERSIONS:
            client = device(version=version)
            for call in (
                lambda: client.get_object(oss.GetObjectRequest(bucket=BUCKET, key="who/key")),
                lambda: client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key="who/key")),
                lambda: client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key="who/key")),
                lambda: client.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET)),
                lambda: client.append_object(oss.AppendObjectRequest(bucket=BUCKET, key="who/key", position=0, body=b"x")),
            ):
                with self.refused_at_edge(405, "MethodNotAllowed"):
                    call()

    def test_lists_parts_page_by_page(self):
        for version in VERSIONS:
            with self.subTest(version):
                client, key = device(version=version), "who/<listed> 日"
                upload_id = begin(client, key)
                etags = [send_part(client, key, upload_id, number, b"x" * number).etag for number in (1, 2, 3)]
                pages = client.list_parts_paginator(limit=2).iter_page(oss.ListPartsRequest(bucket=BUCKET, key=key, upload_id=upload_id))
                pages = list(pages)
                self.assertEqual([(page.bucket, page.key, page.upload_id, page.is_truncated) for page in pages], [(BUCKET, key, upload_id, more) for more in (True, False)])
                parts = [(part.part_number, part.etag, part.size) for page in pages for part in page.parts]
                self.assertEqual(parts, list(zip((1, 2, 3), etags, (1, 2, 3))))
                abort(client, key, upload_id)


class PresignedUrls(UploadTest):
    def presign(self, request, version="v4", seconds=60, **options):
        client = device(version=version, **options)
        if seconds > 0:
            return client.presign(request, expires=datetime.timedelta(seconds=seconds))
        expiration = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        with clock_off_by(seconds - 60):
            return client.presign(request, expiration=expiration)

    def putting(self, name, version="v4", seconds=60, metadata=None, content_type=None, **options):
        request = oss.PutObjectRequest(bucket=BUCKET, key=name, metadata=metadata, content_type=content_type)
        return self.presign(request, version, seconds, **options)

    def test_puts_an_object_in_each_style(self):
        for version, (style, options) in itertools.product(VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                body, key = secrets.token_bytes(1000), f"url/{version} {style}"
                signed = self.putting(key, version, **options)
                self.assertEqual((signed.method, "x-oss-signature=" in signed.url), ("PUT", version == "v4"))
                answer = uploads.send("PUT", signed.url, body)
                self.assertEqual((answer.status_code, answer.headers["ETag"]), (200, f'"{hashlib.md5(body).hexdigest()}"'), answer.text)
                self.assert_stored(key, body)

    def test_keeps_every_character_of_a_key(self):
        keys = [case["key"] for case in KEYS]
        for version, key, style in itertools.product(VERSIONS, keys, ("cname", "path")):
            with self.subTest(version, key=key, style=style):
                body = secrets.token_bytes(100)
                answer = uploads.send("PUT", self.putting(key, version, **STYLES[style]).url, body)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assert_stored(key, body)

    def test_carries_the_headers_that_were_signed_and_no_others(self):
        for version in VERSIONS:
            signed = self.putting("url/headers", version, metadata={"device": "7"}, content_type="text/x-log")
            headers = dict(signed.signed_headers)
            self.assertEqual({name.lower(): value for name, value in headers.items()}, {"content-type": "text/x-log", "x-oss-meta-device": "7"})
            self.assertEqual(uploads.send("PUT", signed.url, b"x", headers).status_code, 200)
            self.assert_stored("url/headers", b"x", contentType="text/x-log", metadata={"device": "7"})
            for others in ({}, {**headers, "x-oss-meta-another": "7"}, {**headers, "Content-Type": "text/html"}):
                with self.subTest(version, headers=others):
                    self.assert_refused(403, "SignatureDoesNotMatch", "PUT", signed.url, headers=others)

    def test_is_for_one_method_one_key_and_one_secret(self):
        mismatch = (403, "SignatureDoesNotMatch")
        for version in VERSIONS:
            with self.subTest(version):
                getting = self.presign(oss.GetObjectRequest(bucket=BUCKET, key="url/key"), version)
                self.assert_refused(*mismatch, "PUT", getting.url)
                self.assert_refused(405, "MethodNotAllowed", "GET", getting.url, body=None)
                self.assert_refused(*mismatch, "PUT", self.putting("url/key", version).url.replace("/key?", "/other?"))
                self.assert_refused(*mismatch, "PUT", self.putting("url/key", version, key={**first_key, "accessKeySecret": "wrong"}).url)

    def test_ends_when_it_says_and_may_not_end_too_late(self):
        day = 24 * 60 * MINUTE
        for version in VERSIONS:
            with self.subTest(version):
                for seconds in (-1, -day):
                    url = self.putting("url/time", version, seconds).url
                    self.assert_refused(403, "AccessDenied", "PUT", url, message="Request has expired.")
                self.assert_refused(400, "InvalidArgument", "PUT", self.putting("url/time", version, day + 60).url)
                self.assertEqual(uploads.send("PUT", self.putting("url/time", version, day - 60).url, b"x").status_code, 200)
                self.assert_stored("url/time", b"x")

    def test_is_refused_beside_a_signature_in_the_header(self):
        for version in VERSIONS:
            url = self.putting("url/two", version).url
            self.assert_refused(400, "InvalidArgument", "PUT", url, headers={"Authorization": "OSS LTAI5tEndToEndDevice1:c2ln"})

    def test_begins_an_upload_sends_its_part_completes_it_and_aborts_another(self):
        for version in VERSIONS:
            with self.subTest(version):
                key, part = f"url/日 parts {version}", secrets.token_bytes(200)

                def send(request, body=b""):
                    signed = self.presign(request, version)
                    answer = uploads.send(signed.method, signed.url, body, dict(signed.signed_headers))
                    self.assertIn(answer.status_code, (200, 204), answer.text)
                    return answer

                def begin_and_send_part():
                    begun = send(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key)).text
                    upload_id = re.search("<UploadId>(.*?)</UploadId>", begun)[1]
                    answer = send(oss.UploadPartRequest(bucket=BUCKET, key=key, upload_id=upload_id, part_number=1), part)
                    return upload_id, answer.headers["ETag"]

                upload_id, etag = begin_and_send_part()
                listed = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
                send(oss.CompleteMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload_id), listed)
                self.assert_stored(key, part)
                with self.s3_as_it_was():
                    upload_id, _ = begin_and_send_part()
                    send(oss.AbortMultipartUploadRequest(bucket=BUCKET, key=key, upload_id=upload_id))


class SecurityTokens(UploadTest):
    def test_takes_the_keys_token_in_the_header(self):
        for version, (style, options) in itertools.product(VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                client = device(key=sts_key, version=version, **options)
                put(client, "sts/put", b"x")
                self.assert_stored("sts/put", b"x")
                upload_in_parts(client, "sts/put", [b"parts"])
                self.assert_stored("sts/put", b"parts")
                with self.s3_as_it_was():
                    abort(client, "sts/put", begin(client, "sts/put"))

    def test_sends_the_token_by_version_1_in_a_header_of_its_own_that_it_does_not_sign(self):
        for version, expected in (("v1", "security-token"), ("v4", "x-oss-security-token")):
            with self.subTest(version), recorded(client := device(key=sts_key, version=version)) as sent:
                put(client, "sts/header", b"x")
                self.assertEqual([name.lower() for name in sent[0].headers if "token" in name.lower()], [expected])

    def test_takes_the_keys_token_in_a_url(self):
        for version, (style, options) in itertools.product(VERSIONS, STYLES.items()):
            with self.subTest(version, style=style):
                client, body = device(key=sts_key, version=version, **options), secrets.token_bytes(100)
                answer = uploads.send("PUT", client.presign(oss.PutObjectRequest(bucket=BUCKET, key="sts/url")).url, body)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assert_stored("sts/url", body)

    def test_refuses_every_other_token_and_none(self):
        token = sts_key["securityToken"]
        keys = {
            "a wrong token": {**sts_key, "securityToken": token + "x"},
            "no token": {**sts_key, "securityToken": None},
            "the token on a key that has none": {**first_key, "securityToken": token},
            "any token on a key that has none": {**second_key, "securityToken": "any"},
        }
        for version, (what, key) in itertools.product(VERSIONS, keys.items()):
            client = device(key=key, version=version)
            for operation, call in CALLS.items():
                with self.subTest(version, what=what, operation=operation), self.refused_at_edge(403, "InvalidSecurityToken"):
                    call(client)
            with self.subTest(version, what=what):
                url = client.presign(oss.PutObjectRequest(bucket=BUCKET, key="sts/key")).url
                self.assert_refused(403, "InvalidSecurityToken", "PUT", url)
