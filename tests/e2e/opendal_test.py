"""opendal, a Rust client of OSS with a signer of its own, uploads through the gateway; what arrived is read from S3."""

import asyncio
import secrets

import opendal

import uploads
from uploads import KEYS, MIB

def setUpModule():
    global s3, gateway, first_key, second_key, sts_key
    s3, gateway = uploads.start(f"opendal/{opendal.__version__}")
    first_key, second_key, sts_key = s3.fixture["accessKeys"]["accessKeys"]


def options(key=None, host="127.0.0.1", addressing_style="path"):
    key = key or first_key
    signing = {"access_key_id": key["accessKeyId"], "access_key_secret": key["accessKeySecret"]}
    if "securityToken" in key:
        signing["security_token"] = key["securityToken"]
    return {"bucket": s3.fixture["bucket"], "endpoint": f"http://{host}:{gateway.port}", "addressing_style": addressing_style, **signing}


def device(**where):
    return opendal.Operator("oss", **options(**where))


class Uploading(uploads.UploadTest):
    def test_puts_and_uploads_in_parts(self):
        body = secrets.token_bytes(11 * MIB)
        device().write("opendal/put", body[:1000])
        self.assert_stored("opendal/put", body[:1000])
        device().write("opendal/parts", body, chunk=5 * MIB)
        self.assert_stored("opendal/parts", body)

    def test_keeps_every_character_of_a_key(self):
        # opendal drops empty segments, and takes a path that ends with a slash for a folder.
        keys = [case["key"] for case in KEYS if "//" not in case["key"] and not case["key"].endswith("/")]
        for key in keys:
            with self.subTest(key):
                body = secrets.token_bytes(100)
                device().write(key, body)
                self.assert_stored(key, body)

    def test_carries_metadata_and_headers(self):
        device().write("opendal/carried", b"x", content_type="text/x-log", cache_control="max-age=60", user_metadata={"device": "7"})
        self.assert_stored("opendal/carried", b"x", contentType="text/x-log", cacheControl="max-age=60", metadata={"device": "7"})

    def test_does_not_overwrite_when_told_so(self):
        device().write("opendal/once", b"first", if_not_exists=True)
        with self.s3_as_it_was(), self.assertRaises(opendal.exceptions.ConditionNotMatch) as caught:
            device().write("opendal/once", b"second", if_not_exists=True)
        self.assertIn('code: "FileAlreadyExists"', str(caught.exception))

    def test_signs_a_url(self):
        async def signed():
            return await opendal.AsyncOperator("oss", **options()).presign_write("opendal/url 日", 60)

        request = asyncio.run(signed())
        answer = uploads.send(request.method, request.url, b"by url")
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assert_stored("opendal/url 日", b"by url")

    def test_presents_a_security_token(self):
        device(key=sts_key).write("opendal/sts", b"x")
        self.assert_stored("opendal/sts", b"x")
        with self.s3_as_it_was(), self.assertRaises(opendal.exceptions.PermissionDenied) as caught:
            device(key={**sts_key, "securityToken": "wrong"}).write("opendal/sts", b"x")
        self.assertIn('code: "InvalidSecurityToken"', str(caught.exception))


class Refused(uploads.UploadTest):
    def test_tells_a_wrong_secret_and_an_unknown_key(self):
        for key, code in (
            ({**first_key, "accessKeySecret": "wrong"}, "SignatureDoesNotMatch"),
            ({**first_key, "accessKeyId": "LTAI5tNobodyKnowsThis"}, "InvalidAccessKeyId"),
        ):
            with self.subTest(code), self.s3_as_it_was(), self.assertRaises(opendal.exceptions.PermissionDenied) as caught:
                device(key=key).write("opendal/refused", b"x")
            self.assertIn(f'code: "{code}"', str(caught.exception))

    def test_refuses_its_cname_style_in_which_it_signs_a_resource_without_the_bucket(self):
        with self.s3_as_it_was(), self.assertRaises(opendal.exceptions.PermissionDenied) as caught:
            device(host="localhost", addressing_style="cname").write("opendal/cname", b"x")
        self.assertIn('code: "SignatureDoesNotMatch"', str(caught.exception))

    def test_refuses_reading_and_removing(self):
        device().write("opendal/stays", b"x")
        for call in (device().read, device().stat, device().delete):
            with self.subTest(call.__name__), self.s3_as_it_was(), self.assertRaises(opendal.exceptions.Unexpected) as caught:
                call("opendal/stays")
            self.assertIn("status: 405", str(caught.exception))
