"""An app that asks whether an object is there, and uploads it if not: oss2, alibabacloud-oss-v2 and opendal, with
`headObject` absent, and served by the API or a relay. That it is refused by default: oss2_test.py."""

import json
import unittest

import alibabacloud_oss_v2 as oss
import opendal
import oss2
import requests

import uploads

KEY = {"accessKeyId": "LTAI5tLooksFirst01", "accessKeySecret": "endToEndSecretThatLooksFirst01"}
PLAIN = {"accessKeyId": "LTAI5tLooksFirst02", "accessKeySecret": "endToEndSecretThatLooksFirst02"}
CONFIGS = {
    "absent": {"headObject": "absent"},
    "api": {"headObject": "served"},
    "relay": {"headObject": "served", "api": None, "relay": {"domain": "relay.example.com", "path": "/v1"}},
}


def setUpModule():
    global s3, gateways
    s3 = uploads.start_s3()
    keys = [{**KEY, "allow": [{}, {"prefix": "asked/", "operations": ["HeadObject"]}]}, PLAIN]
    gateways = {name: uploads.Gateway(s3, keys, **config) for name, config in CONFIGS.items()}
    # In the other order: the gateways end first.
    unittest.addModuleCleanup(end)
    for gateway in gateways.values():
        unittest.addModuleCleanup(gateway.close)


def end():
    """The record has who asked: of the rows that other modules make, the letters for what reads."""
    log = [line for gateway in gateways.values() for line in gateway.log]
    if any("violation" in line for line in log):
        raise AssertionError(f"rules of CloudFront broken: {log}")
    # opendal alone doesn't say who it is.
    unnamed = {"userAgent": f"opendal/{opendal.__version__}"}
    lines = [{**unnamed, **line} for line in log if line.get("operation") in ("HeadObject", "GetObjectMeta")]
    uploads.RECORDS.mkdir(parents=True, exist_ok=True)
    uploads.RECORDS.joinpath("looks-first-python.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def bucket(name, key=KEY, auth=oss2.Auth, **options):
    made = auth(key["accessKeyId"], key["accessKeySecret"])
    return oss2.Bucket(made, f"http://oss.test:{gateways[name].port}", "fleet-uploads", **options)


def client(name, version, key=KEY):
    session = requests.Session()
    session.trust_env = False
    return oss.Client(
        oss.config.Config(
            region="cn-hangzhou",
            endpoint=f"http://oss.test:{gateways[name].port}",
            signature_version=version,
            credentials_provider=oss.credentials.StaticCredentialsProvider(key["accessKeyId"], key["accessKeySecret"]),
            http_client=oss.transport.RequestsHttpClient(session=session),
        )
    )


class LooksFirst(uploads.UploadTest):
    def test_oss2_uploads_what_is_said_to_be_absent(self):
        for name in CONFIGS:
            for auth, options in ((oss2.Auth, {}), (oss2.AuthV4, {"region": "cn-hangzhou"})):
                with self.subTest(name, auth=auth.__name__):
                    asking = bucket(name, auth=auth, **options)
                    key = f"asked/{name} {auth.__name__}"
                    self.assertFalse(asking.object_exists(key))
                    asking.put_object(key, b"first")
                    self.assert_stored(key, b"first")
                    self.assertEqual(asking.object_exists(key), name != "absent")

    def test_alibabacloud_oss_v2_uploads_what_is_said_to_be_absent(self):
        for name in CONFIGS:
            for version in ("v1", "v4"):
                with self.subTest(name, version=version):
                    asking = client(name, version)
                    key = f"asked/{name} {version}"
                    self.assertFalse(asking.is_object_exist("fleet-uploads", key))
                    asking.put_object(oss.PutObjectRequest(bucket="fleet-uploads", key=key, body=b"first"))
                    self.assertEqual(asking.is_object_exist("fleet-uploads", key), name != "absent")

    def test_opendal_uploads_what_is_said_to_be_absent(self):
        for name in CONFIGS:
            with self.subTest(name):
                signing = {"access_key_id": KEY["accessKeyId"], "access_key_secret": KEY["accessKeySecret"]}
                endpoint = f"http://127.0.0.1:{gateways[name].port}"
                asking = opendal.Operator("oss", bucket="fleet-uploads", endpoint=endpoint, addressing_style="path", **signing)
                key = f"asked/opendal {name}"
                self.assertFalse(asking.exists(key))
                asking.write(key, b"first")
                self.assertEqual(asking.exists(key), name != "absent")
                if name != "absent":
                    self.assertEqual(asking.stat(key).content_length, 5)

    def test_tells_of_an_object_what_oss_tells(self):
        for name in ("api", "relay"):
            with self.subTest(name):
                key = f"asked/told {name}"
                asking = bucket(name)
                put = asking.put_object(key, b"a log", headers={"Content-Type": "text/x-log", "x-oss-meta-device": "sn-7"})
                head = asking.head_object(key)
                self.assertEqual((head.content_length, head.content_type, head.etag), (5, "text/x-log", put.etag))
                self.assertEqual((head.object_type, head.headers["x-oss-meta-device"]), ("Normal", "sn-7"))
                meta = asking.get_object_meta(key)
                self.assertEqual((meta.content_length, meta.etag, meta.last_modified), (5, put.etag, head.last_modified))
                found = client(name, "v4").head_object(oss.HeadObjectRequest(bucket="fleet-uploads", key=key))
                self.assertEqual((found.content_length, found.metadata["device"]), (5, "sn-7"))
                found = client(name, "v4").get_object_meta(oss.GetObjectMetaRequest(bucket="fleet-uploads", key=key))
                self.assertEqual((found.content_length, found.etag), (5, f'"{put.etag}"'))

    def test_tells_that_the_key_is_absent(self):
        for name in CONFIGS:
            for ask in ("head_object", "get_object_meta"):
                with self.subTest(name, ask=ask), self.assertRaises(oss2.exceptions.NotFound) as raised:
                    getattr(bucket(name), ask)("asked/a")
                self.assertEqual(raised.exception.status, 404)
                self.assertEqual(raised.exception.code, "NoSuchKey")
                line = gateways[name].line_of(raised.exception.request_id)
                self.assertEqual((line["status"], line["code"]), (404, "NoSuchKey"))

    def test_needs_a_rule_that_names_head_object(self):
        for name in CONFIGS:
            for key, asked in ((PLAIN, "asked/a"), (KEY, "other/a")):
                with self.subTest(name, key=asked), self.assertRaises(oss2.exceptions.AccessDenied):
                    bucket(name, key).object_exists(asked)


if __name__ == "__main__":
    unittest.main()
