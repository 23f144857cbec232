"""The construction of derived keys (docs/access-keys.md), written a second time, and its vectors.

`python3 tests/vectors/derived_keys.py` prints derived-keys.json; the end-to-end tests check that it is the same.
"""

import hashlib
import hmac
import json
import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID = re.compile(
    r"OE1\.(?P<master>[a-z0-9]{1,16})\.(?P<device>[A-Za-z0-9_-]{1,64})(\.e(?P<expiry>[1-9][0-9]{0,9}))?(\.s(?P<scope>[a-z0-9-]{1,16}))?"
)

MASTERS = {
    "ordinary": "Ri3cGZtQyq7L0WxVnEo5uJb9hT2dKfMs",
    "punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "64 bytes": "0123456789abcdef" * 4,
    "65 bytes, which HMAC hashes first": "0123456789abcdef" * 4 + "0",
    "256 bytes": "master-secret-16" * 16,
}
IDS = {
    "the shortest": "OE1.a.d",
    "a serial number": "OE1.a1.SN-000123",
    "every character of a device's id": "OE1.fleet2026.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
    "an expiry": "OE1.a1.SN-000123.e1795485177",
    "another expiry": "OE1.a1.SN-000123.e1795485178",
    "a scope": "OE1.a1.SN-000123.slogs",
    "an expiry and a scope": "OE1.a1.SN-000123.e1795485177.slogs",
    "a device that looks like an expiry": "OE1.a1.e1795485177",
    "a device that looks like a scope": "OE1.a1.slogs",
    "a scope that looks like an expiry": "OE1.a1.SN-000123.se1795485177",
    "the longest": f"OE1.{'m' * 16}.{'D' * 64}.e9999999999.s{'s' * 16}",
    "the device's id in another case": "OE1.a1.sn-000123",
    "a secret with zeros before it": "OE1.a1.SN-006350",
}
MALFORMED = {
    "nothing": "",
    "the prefix alone": "OE1.",
    "no device": "OE1.a1",
    "an empty device": "OE1.a1.",
    "an empty master": "OE1..SN-1",
    "another case of the prefix": "oe1.a1.SN-1",
    "another version": "OE2.a1.SN-1",
    "a blank before": " OE1.a1.SN-1",
    "a line feed after": "OE1.a1.SN-1\n",
    "a NUL after": "OE1.a1.SN-1\u0000",
    "upper case in the master": "OE1.A1.SN-1",
    "a hyphen in the master": "OE1.a-1.SN-1",
    "a dot in the device": "OE1.a1.SN.1",
    "a slash in the device": "OE1.a1.SN/1",
    "a colon in the device": "OE1.a1.SN:1",
    "a letter beyond ASCII": "OE1.a1.SN-é",
    "a digit beyond ASCII": "OE1.a1.SN-1.e１",
    "a dot after": "OE1.a1.SN-1.",
    "two dots": "OE1.a1.SN-1..slogs",
    "an empty expiry": "OE1.a1.SN-1.e",
    "an expiry of zero": "OE1.a1.SN-1.e0",
    "an expiry with a zero before it": "OE1.a1.SN-1.e01",
    "an expiry with a sign": "OE1.a1.SN-1.e+1",
    "an expiry in hexadecimal": "OE1.a1.SN-1.e0x1",
    "an expiry with a point": "OE1.a1.SN-1.e1.5",
    "an expiry of eleven digits": "OE1.a1.SN-1.e12345678901",
    "two expiries": "OE1.a1.SN-1.e1.e2",
    "an empty scope": "OE1.a1.SN-1.s",
    "upper case in the scope": "OE1.a1.SN-1.sLogs",
    "an underscore in the scope": "OE1.a1.SN-1.slo_gs",
    "two scopes": "OE1.a1.SN-1.slogs.slogs",
    "the scope before the expiry": "OE1.a1.SN-1.slogs.e1",
    "a part of another kind": "OE1.a1.SN-1.x1",
    "a master of 17 characters": f"OE1.{'m' * 17}.SN-1",
    "a device of 65 characters": f"OE1.a1.{'D' * 65}",
    "a scope of 17 characters": f"OE1.a1.SN-1.s{'s' * 17}",
}


def message(access_key_id):
    return b"oss-edge/v1" + access_key_id.encode()


def derived_secret(master_secret, access_key_id):
    digest = hmac.new(master_secret.encode(), message(access_key_id), hashlib.sha256).digest()
    number = int.from_bytes(digest, "big") % 62**30
    digits = ""
    for _ in range(30):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def vector(comment, master_secret, access_key_id):
    parts = ID.fullmatch(access_key_id)
    return {
        "id": comment,
        "masterSecret": master_secret,
        "accessKeyId": access_key_id,
        "masterKey": parts["master"],
        "deviceId": parts["device"],
        "expiry": parts["expiry"] and int(parts["expiry"]),
        "scope": parts["scope"],
        "hmacSha256": hmac.new(master_secret.encode(), message(access_key_id), hashlib.sha256).hexdigest(),
        "accessKeySecret": derived_secret(master_secret, access_key_id),
    }


def document():
    one_id = IDS["an expiry and a scope"]
    vectors = [vector(comment, MASTERS["ordinary"], id) for comment, id in IDS.items()]
    vectors += [vector(f"a master secret: {comment}", secret, one_id) for comment, secret in MASTERS.items()]
    malformed = [{"id": comment, "accessKeyId": id} for comment, id in MALFORMED.items()]
    assert not any(ID.fullmatch(one["accessKeyId"]) for one in malformed)
    return {
        "comment": "Derived keys. hmacSha256 = HMAC-SHA256(masterSecret, \"oss-edge/v1\" || accessKeyId); accessKeySecret = its last 30 digits in base 62.",
        "source": "tests/vectors/derived_keys.py",
        "vectors": vectors,
        "malformed": malformed,
    }


def text():
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(text(), end="")
