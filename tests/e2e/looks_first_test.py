"""An app that asks whether an object is there, and uploads it if not: oss2, with `headObject` absent."""

import unittest

import oss2

import uploads

KEY = {"accessKeyId": "LTAI5tLooksFirst01", "accessKeySecret": "endToEndSecretThatLooksFirst01"}
PLAIN = {"accessKeyId": "LTAI5tLooksFirst02", "accessKeySecret": "endToEndSecretThatLooksFirst02"}


def setUpModule():
    global s3, gateway
    names = uploads.resolve_test_names()
    names.start()
    unittest.addModuleCleanup(names.stop)
    s3 = uploads.s3 = uploads.S3()
    unittest.addModuleCleanup(s3.close)
    keys = [{**KEY, "allow": [{}, {"prefix": "asked/", "operations": ["HeadObject"]}]}, PLAIN]
    gateway = uploads.Gateway(s3, keys, headObject="absent")
    unittest.addModuleCleanup(gateway.close)


def bucket(key=KEY, auth=oss2.Auth, **options):
    made = auth(key["accessKeyId"], key["accessKeySecret"])
    return oss2.Bucket(made, f"http://oss.test:{gateway.port}", "fleet-uploads", **options)


class LooksFirst(uploads.UploadTest):
    def test_uploads_what_is_said_to_be_absent(self):
        for auth, options in ((oss2.Auth, {}), (oss2.AuthV4, {"region": "cn-hangzhou"})):
            with self.subTest(auth=auth.__name__):
                client = bucket(auth=auth, **options)
                key = f"asked/{auth.__name__}"
                self.assertFalse(client.object_exists(key))
                client.put_object(key, b"first")
                self.assert_stored(key, b"first")
                self.assertFalse(client.object_exists(key))

    def test_tells_that_the_key_is_absent(self):
        for ask in ("head_object", "get_object_meta"):
            with self.subTest(ask), self.assertRaises(oss2.exceptions.NotFound) as raised:
                getattr(bucket(), ask)("asked/a")
            self.assertEqual(raised.exception.status, 404)
            self.assertEqual(raised.exception.code, "NoSuchKey")
            line = gateway.line_of(raised.exception.request_id)
            self.assertEqual((line["status"], line["code"]), (404, "NoSuchKey"))

    def test_needs_a_rule_that_names_head_object(self):
        for key, name in ((PLAIN, "asked/a"), (KEY, "other/a")):
            with self.subTest(key=name), self.assertRaises(oss2.exceptions.AccessDenied):
                bucket(key).object_exists(name)


if __name__ == "__main__":
    unittest.main()
