"""Derived keys and rotated secrets with oss2 and alibabacloud-oss-v2. Their secrets are derived here, not by the gateway."""

import importlib.util
import itertools
import json
import time
import unittest
from pathlib import Path

import alibabacloud_oss_v2 as oss
import oss2
import requests

import uploads

spec = importlib.util.spec_from_file_location("derived_keys", Path(__file__).parents[1] / "vectors" / "derived_keys.py")
derived_keys = importlib.util.module_from_spec(spec)
spec.loader.exec_module(derived_keys)

MASTER_SECRET = "endToEndMasterSecretOfTheFleet9876543210"
OLD_SECRET, NEW_SECRET = "endToEndSecretThatIsEnding0001", "endToEndSecretThatIsNew0000002"
ACCESS_KEYS = {
    "accessKeys": [
        {
            "accessKeyId": "rotating",
            "secrets": [
                {"generation": "old", "secret": OLD_SECRET, "notAfter": "2126-01-01T00:00:00Z"},
                {"generation": "new", "secret": NEW_SECRET, "notBefore": "2026-01-01T00:00:00Z"},
            ],
        }
    ],
    "masterKeys": [
        {
            "id": "a1",
            "secret": MASTER_SECRET,
            "allow": [{"prefix": "devices/{device}/"}],
            "scopes": {"logs": {"allow": [{"prefix": "devices/{device}/logs/"}]}},
        }
    ],
    "revokedDevices": [{"masterKey": "a1", "deviceId": "SN-2"}],
}


def setUpModule():
    global s3, gateway
    s3 = uploads.start_s3()
    gateway = uploads.Gateway(s3, ACCESS_KEYS)
    unittest.addModuleCleanup(end)


def end():
    status = gateway.close()
    log = json.dumps(gateway.log)
    derived = {derived_keys.derived_secret(MASTER_SECRET, line["accessKeyId"]) for line in gateway.log if line["accessKeyId"].startswith("OE1.")}
    leaked = [secret for secret in (MASTER_SECRET, OLD_SECRET, NEW_SECRET, *derived) if secret in log]
    broken = [line for line in gateway.log if "violation" in line]
    if (status, broken, leaked) != (0, [], []):
        raise AssertionError(f"the gateway ended with {status}; rules of CloudFront broken: {broken}; secrets logged: {leaked}")


class Refused(Exception):
    """What an SDK raises when the gateway refuses: the status and OSS's code."""


class OfOss2:
    """A device with oss2."""

    def __init__(self, access_key_id, secret, version):
        auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[version](access_key_id, secret)
        session = oss2.Session()
        session.session.trust_env = False
        self._bucket = oss2.Bucket(auth, f"http://oss.test:{gateway.port}", s3.fixture["bucket"], session=session, region="cn-hangzhou")

    def put(self, key, body):
        try:
            self._bucket.put_object(key, body)
        except oss2.exceptions.ServerError as error:
            raise Refused(error.status, error.code) from error

    def put_in_parts(self, key, parts):
        upload_id = self._bucket.init_multipart_upload(key).upload_id
        etags = [self._bucket.upload_part(key, upload_id, number, part).etag for number, part in enumerate(parts, 1)]
        self._bucket.complete_multipart_upload(key, upload_id, [oss2.models.PartInfo(number, etag) for number, etag in enumerate(etags, 1)])


class OfOssV2:
    """A device with alibabacloud-oss-v2."""

    def __init__(self, access_key_id, secret, version):
        session = requests.Session()
        session.trust_env = False
        config = oss.config.Config(
            region="cn-hangzhou",
            endpoint=f"http://oss.test:{gateway.port}",
            signature_version=version,
            credentials_provider=oss.credentials.StaticCredentialsProvider(access_key_id, secret),
            http_client=oss.transport.RequestsHttpClient(session=session),
        )
        self._client = oss.Client(config)
        self._at = {"bucket": s3.fixture["bucket"]}

    def put(self, key, body):
        try:
            self._client.put_object(oss.PutObjectRequest(key=key, body=body, **self._at))
        except oss.exceptions.OperationError as error:
            service = error.unwrap()
            raise Refused(service.status_code, service.code) from error

    def put_in_parts(self, key, parts):
        upload_id = self._client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(key=key, **self._at)).upload_id
        sent = [oss.UploadPartRequest(key=key, upload_id=upload_id, part_number=number, body=part, **self._at) for number, part in enumerate(parts, 1)]
        listed = [oss.UploadPart(part_number=one.part_number, etag=self._client.upload_part(one).etag) for one in sent]
        complete = oss.CompleteMultipartUpload(parts=listed)
        self._client.complete_multipart_upload(
            oss.CompleteMultipartUploadRequest(key=key, upload_id=upload_id, complete_multipart_upload=complete, **self._at)
        )


DEVICES = list(itertools.product((OfOss2, OfOssV2), ("v1", "v4")))


def with_derived_key(kind, version, access_key_id):
    return kind(access_key_id, derived_keys.derived_secret(MASTER_SECRET, access_key_id), version)


class AccessKeys(uploads.UploadTest):
    def test_derived_keys_upload_under_the_devices_own_path(self):
        hour = int(time.time()) + 3600
        for (kind, version), (access_key_id, path) in itertools.product(
            DEVICES,
            [
                ("OE1.a1.SN-1", "devices/SN-1/"),
                (f"OE1.a1.SN-1.e{hour}", "devices/SN-1/"),
                ("OE1.a1.SN_3.slogs", "devices/SN_3/logs/"),
                (f"OE1.a1.SN_3.e{hour}.slogs", "devices/SN_3/logs/"),
            ],
        ):
            with self.subTest(kind.__name__, version=version, id=access_key_id):
                key, body = f"{path}设备/a+b %2F {kind.__name__} {version}", f"{access_key_id} {version}".encode()
                with_derived_key(kind, version, access_key_id).put(key, body)
                self.assert_stored(key, body)

    def test_derived_keys_upload_in_parts(self):
        for kind, version in DEVICES:
            with self.subTest(kind.__name__, version=version):
                key, parts = f"devices/SN-1/parts {kind.__name__} {version}", [b"a" * 5 * uploads.MIB, b"b"]
                with_derived_key(kind, version, "OE1.a1.SN-1").put_in_parts(key, parts)
                self.assert_stored(key, b"".join(parts))

    def test_derived_keys_write_nowhere_else(self):
        for (kind, version), (access_key_id, key) in itertools.product(
            DEVICES,
            [
                ("OE1.a1.SN-1", "devices/SN-10/a"),
                ("OE1.a1.SN-10", "devices/SN-1/a"),
                ("OE1.a1.SN-1", "devices//SN-1/a"),
                ("OE1.a1.SN-1", "devices%2FSN-1/a"),
                ("OE1.a1.SN-1", "devices/sn-1/a"),
                ("OE1.a1.SN-1.slogs", "devices/SN-1/a"),
            ],
        ):
            with self.subTest(kind.__name__, version=version, id=access_key_id, key=key):
                self.assert_refuses(with_derived_key(kind, version, access_key_id), key, 403, "AccessDenied")

    def test_derived_keys_end(self):
        for (kind, version), access_key_id in itertools.product(
            DEVICES, [f"OE1.a1.SN-1.e{int(time.time()) - 1}", "OE1.a1.SN-2", "OE1.a1.SN-2.slogs", "OE1.a1.SN-1.sother", "OE1.b2.SN-1"]
        ):
            with self.subTest(kind.__name__, version=version, id=access_key_id):
                self.assert_refuses(with_derived_key(kind, version, access_key_id), "devices/SN-1/a", 403, "InvalidAccessKeyId")

    def test_both_secrets_of_a_rotation_are_valid(self):
        for (kind, version), secret in itertools.product(DEVICES, (OLD_SECRET, NEW_SECRET)):
            with self.subTest(kind.__name__, version=version):
                key, body = f"rotated {kind.__name__} {version}", secret[-4:].encode()
                kind("rotating", secret, version).put(key, body)
                self.assert_stored(key, body)
        for kind, version in DEVICES:
            with self.subTest(kind.__name__, version=version):
                self.assert_refuses(kind("rotating", "wrong", version), "a", 403, "SignatureDoesNotMatch")

    def assert_refuses(self, device, key, status, code):
        with self.s3_as_it_was(), self.assertRaises(Refused) as caught:
            device.put(key, b"refused")
        self.assertEqual(caught.exception.args, (status, code))


if __name__ == "__main__":
    unittest.main()
