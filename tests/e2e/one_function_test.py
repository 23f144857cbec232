"""oss2 uploads where one function at origin request decides: each operation by each signature scheme."""

import hashlib
import os
import secrets
import tempfile
import unittest
from pathlib import Path

import oss2
from oss2.models import PartInfo

import uploads
from uploads import Gateway, MIB

AUTHS = {"v1": oss2.Auth, "v4": oss2.AuthV4}
RELAY = {"api": None, "relay": {"domain": "relay.example.com", "path": ""}}


def setUpModule():
    global s3, gateways
    s3 = uploads.start_s3()
    uploads.signed_by = "oss2-one-function"
    keys = s3.fixture["accessKeys"]["accessKeys"]
    keys = [{**keys[0], "allow": [{}, {"operations": ["HeadObject"]}]}]
    one = {"triggers": "origin-request", "headObject": "served"}
    gateways = {name: Gateway(s3, keys, **one, **more) for name, more in (("api", {}), ("relay", RELAY))}
    for gateway in gateways.values():
        unittest.addModuleCleanup(close, gateway)


def close(gateway):
    status = gateway.close()
    broken = [line for line in gateway.log if "violation" in line]
    deciders = {line["function"] for line in gateway.log if line.get("origin") == "s3"}
    if (status, broken, deciders - {"origin-response"}) != (0, [], {"origin-request"}):
        raise AssertionError(f"the gateway ended with {status}; rules of CloudFront broken: {broken}; decided by {deciders}")


def device(by, version):
    key = s3.fixture["accessKeys"]["accessKeys"][0]
    auth = AUTHS[version](key["accessKeyId"], key["accessKeySecret"])
    session = oss2.Session()
    session.session.trust_env = False
    endpoint = f"http://uploads.test:{gateways[by].port}"
    return oss2.Bucket(auth, endpoint, s3.fixture["bucket"], is_cname=True, session=session, region="cn-hangzhou")


class OneFunction(uploads.UploadTest):
    def each(self):
        for by in gateways:
            for version in AUTHS:
                with self.subTest(f"{by}, {version}"):
                    yield by, version, device(by, version)

    def test_in_the_header(self):
        for by, version, bucket in self.each():
            body = secrets.token_bytes(1000)
            key = f"header/{by}/{version}/日 a+b"
            result = bucket.put_object(key, body, headers={"x-oss-meta-a": "1"})
            self.assertEqual((result.status, result.etag), (200, hashlib.md5(body).hexdigest()))
            self.assert_stored(key, body, metadata={"a": "1"})
            self.assertEqual(bucket.head_object(key).content_length, 1000)
            parts = [secrets.token_bytes(5 * MIB), b"end"]
            upload_id = bucket.init_multipart_upload(key).upload_id
            done = [PartInfo(n, bucket.upload_part(key, upload_id, n, part).etag) for n, part in enumerate(parts, 1)]
            self.assertEqual([part.size for part in bucket.list_parts(key, upload_id).parts], [5 * MIB, 3])
            bucket.complete_multipart_upload(key, upload_id, done)
            self.assert_stored(key, b"".join(parts))
            upload_id = bucket.init_multipart_upload(key).upload_id
            self.assertEqual(bucket.abort_multipart_upload(key, upload_id).status, 204)

    def test_in_the_url(self):
        for by, version, bucket in self.each():
            body = secrets.token_bytes(1000)
            key = f"url/{by}/{version}/日 a+b"
            answer = uploads.send("PUT", bucket.sign_url("PUT", key, 60, slash_safe=True), body)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assert_stored(key, body)
            begun = uploads.send("POST", bucket.sign_url("POST", key, 60, params={"uploads": ""}, slash_safe=True))
            self.assertEqual(begun.status_code, 200, begun.text)
            self.assert_refused(403, "SignatureDoesNotMatch", "PUT", bucket.sign_url("POST", key, 60, slash_safe=True))

    def test_resumable_uploads(self):
        for by, version, bucket in self.each():
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "file")
                file.write_bytes(secrets.token_bytes(11 * MIB))
                store = oss2.ResumableStore(root=folder)
                sizes = {"multipart_threshold": MIB, "part_size": 5 * MIB, "store": store}
                oss2.resumable_upload(bucket, f"resumed/{by}/{version}", os.fspath(file), **sizes)
                self.assert_stored(f"resumed/{by}/{version}", file.read_bytes())

    def test_a_forbidden_overwrite(self):
        headers = {"x-oss-forbid-overwrite": "true"}
        for by, version, bucket in self.each():
            key = f"once/{by}/{version}"
            if by == "api":
                with self.assertRaises(oss2.exceptions.ServerError) as caught:
                    bucket.put_object(key, b"first", headers=headers)
                self.assertEqual((caught.exception.status, caught.exception.code), (400, "NotImplemented"))
                self.assertIsNone(s3.get(key))
                continue
            # oss2 compares its own CRC-64 with the answer's.
            self.assertEqual(bucket.put_object(key, b"first", headers=headers).status, 200)
            with self.assertRaises(oss2.exceptions.ServerError) as caught:
                bucket.put_object(key, b"second", headers=headers)
            self.assertEqual((caught.exception.status, caught.exception.code), (409, "FileAlreadyExists"))
            self.assert_stored(key, b"first")
