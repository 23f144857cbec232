"""A temporary key for a device, as a maker's token server answers in the place of AssumeRole."""

import datetime
import hashlib
import hmac
import json
import os
import sys

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def temporary_key(master: str, master_secret: str, device: str, expires: int) -> dict[str, str]:
    """`expires` is in seconds since 1970-01-01T00:00:00Z; `device` has 1 to 64 of A-Z a-z 0-9 _ -."""
    access_key_id = f"OE1.{master}.{device}.e{expires}"
    mac = hmac.new(master_secret.encode(), f"oss-edge/v1{access_key_id}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(mac, "big")
    secret = "".join(DIGITS[number // 62**place % 62] for place in reversed(range(30)))
    expiration = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "AccessKeyId": access_key_id,
        "AccessKeySecret": secret,
        "SecurityToken": access_key_id,
        "Expiration": expiration,
    }


if __name__ == "__main__":
    print(json.dumps(temporary_key(sys.argv[1], os.environ["MASTER_SECRET"], sys.argv[2], int(sys.argv[3]))))
