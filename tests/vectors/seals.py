"""The two seals (docs/seals.md), written a second time, and their vectors.

`python3 tests/vectors/seals.py` prints seals.json; tests/shim/seals.test.mjs checks that it is the same.
"""

import base64
import hashlib
import hmac
import json

# 2026-11-24T01:52:57Z
NOW = 1795485177000
HOUR = 3600 * 1000
LONGEST = 255

SECRETS = {2: b"the second secret, of 32 bytes..", 1: b"the first secret, also 32 bytes."}
# From Amazon's own documentation, of CreateMultipartUpload and of ListMultipartUploads.
S3_IDS = {
    "of Amazon's API reference": "VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA",
    "as S3 makes them, with points and hyphens": "dfRtDYU0WWCCcH43C3WFbkRONycyCpTJJvxu2i5GYkZljF.Yxwh6XG7WfS2vC4to6HiV6Yjlx.cph0gtNBtJ8P3URCSbB7rjxI5iEwVDmgaXZOGgkk5nVTW16HOQ5l0R",
    "of 172 characters": "SyKw2ih1NT_YWR7n4E92OGkm_ykauFQpQA43w4vLhE7dH3v8h5Plk7A2V2a6nbhCIfVa3CTOGKAx6f7eBClhBD8dZqXo0lkpwcxxBXb4Om6sZsWg3Elmh1OYMOkFl71DTWqEpnGQl7.yzP1KQ3UvO_6eaJTvIv3ipgKQF8rQttk-",
    "with a tilde, as Ceph makes them": "2~iFF9pWkWhYXTz0g1TJt5XQfvIsoYw4z",
    "in base64, as some stores make them": "APDcL9PdftVo5pdF8k/8dzn5R63VFl5gB+23Ii8yIlBhfanNklTlvx/E86a84LwB13SS2QmHuOtb+Q==",
    "in UTF-8": "日",
    "like a sealed one": "s1.2.498745.-.AAAAAAAAAAAAAAAAAAAAAA.id",
    "that ends in the former mark": "id~forbid-overwrite",
}
BUCKET, KEY = "fleet-uploads-prod", "dir/a.log"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def netstrings(texts):
    return b"".join(b"%d:%s," % (len(text.encode()), text.encode()) for text in texts)


def hkdf(secret, label):
    """RFC 5869 with SHA-256, without a salt, for one block."""
    pseudorandom_key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(pseudorandom_key, label + b"\x01", hashlib.sha256).digest()


def upload_ids_key(secret):
    return hkdf(secret, b"oss-edge upload ids")


def hand_over_key(secret):
    return hkdf(secret, b"oss-edge hand-over")


def is_plain(text):
    return all(c.isascii() and (c.isalnum() or c in "._-") for c in text)


def upload_id_mac(fields, secret):
    return hmac.new(upload_ids_key(secret), netstrings(fields), hashlib.sha256).digest()[:16]


def sealed(s3_id, options="-", bucket=BUCKET, key=KEY, now=NOW, number=2, form=None, secret=None):
    form = form or ("s1" if is_plain(s3_id) else "s1b")
    last = s3_id if form == "s1" else b64(s3_id.encode())
    hour = str(now // HOUR)
    mac = upload_id_mac([form, str(number), hour, options, bucket, key, last], secret or SECRETS[number])
    return ".".join([form, str(number), hour, options, b64(mac), last])


def sealed_vector(comment, s3_id, options="-", bucket=BUCKET, key=KEY, now=NOW):
    text = sealed(s3_id, options, bucket, key, now)
    return {
        "id": comment,
        "s3Bucket": bucket,
        "key": key,
        "s3UploadId": s3_id,
        "options": options,
        "now": now,
        "uploadId": text if len(text) <= LONGEST else None,
    }


def upload_ids():
    vectors = [sealed_vector(f"an id {comment}", s3_id) for comment, s3_id in S3_IDS.items()]
    vectors += [sealed_vector(f"options {options}", "U1", options) for options in ["f", "s", "a", "k", "fs", "fa", "fk", "sa", "sk", "fsa", "fsk"]]
    for comment, key in {
        "with all that a netstring has": "5:a,b,:,3:c,",
        "in UTF-8": "设备/日志 1+2.txt",
        "that ends as the id begins": "dir/a.logs1",
        "of 1,023 bytes": "k" * 1023,
    }.items():
        vectors.append(sealed_vector(f"a key {comment}", "U1", key=key))
    vectors += [
        sealed_vector("another bucket", "U1", bucket="fleet-logs-prod"),
        sealed_vector("bucket and key that join to the same", "U1", bucket="fleet-uploads-prodd", key="ir/a.log"),
        sealed_vector("the first millisecond of an hour", "U1", now=498746 * HOUR),
        sealed_vector("the last millisecond of an hour", "U1", now=498746 * HOUR - 1),
        sealed_vector("the longest", "U" * (LONGEST - len(sealed("")))),
        sealed_vector("one character too long", "U" * (LONGEST - len(sealed("")) + 1)),
        sealed_vector("one character too long in base64url", "+" * 160),
    ]
    return vectors


def verified_vector(comment, upload_id, fault=None, bucket=BUCKET, key=KEY, now=NOW, s3_id="U1", options="-"):
    accepted = {} if fault else {"s3UploadId": s3_id, "options": options}
    return {"id": comment, "uploadId": upload_id, "s3Bucket": bucket, "key": key, "now": now, "fault": fault, **accepted}


def verified_upload_ids():
    one = sealed("U1")
    form, number, hour, options, mac, last = one.split(".", 5)
    with_field = lambda **changed: ".".join(
        {**dict(form=form, number=number, hour=hour, options=options, mac=mac, last=last), **changed}.values()
    )
    week = 7 * 24 * HOUR
    begun = NOW // HOUR * HOUR
    vectors = [
        verified_vector("as it was sealed", one),
        verified_vector("by a retired secret", sealed("U1", number=1)),
        verified_vector("in its last millisecond", one, now=begun + week + HOUR - 1),
        verified_vector("a millisecond too late", one, "Expired", now=begun + week + HOUR),
        verified_vector("of a clock an hour ahead", one, now=begun - 1),
        verified_vector("of a clock two hours ahead", one, "Expired", now=begun - HOUR - 1),
        verified_vector("at another bucket", one, "SealMismatch", bucket="fleet-logs-prod"),
        verified_vector("at another key", one, "SealMismatch", key="dir/b.log"),
        verified_vector("at a longer key", one, "SealMismatch", key="dir/a.log2"),
        verified_vector("at the bucket itself", one, "SealMismatch", key=""),
        verified_vector("where bucket and key join to the same", one, "SealMismatch", bucket="fleet-uploads-prodd", key="ir/a.log"),
        verified_vector("where bucket and key are exchanged", one, "SealMismatch", bucket=KEY, key=BUCKET),
        verified_vector("without the seal", "U1", "Unsealed"),
        verified_vector("without the seal's first field", one.split(".", 1)[1], "Unsealed"),
        verified_vector("without the id", one[: -len(last)], "Unsealed"),
        verified_vector("without the MAC", with_field(mac=""), "Unsealed"),
        verified_vector("with half of the MAC", with_field(mac=mac[:11]), "Unsealed"),
        verified_vector("with a longer MAC", with_field(mac=mac + "AA"), "Unsealed"),
        verified_vector("with a MAC in another spelling", with_field(mac=mac[:-1] + chr(ord(mac[-1]) + 1)), "Unsealed"),
        verified_vector("with another MAC", with_field(mac="A" * 22), "SealMismatch"),
        verified_vector("with another id", with_field(last="U2"), "SealMismatch"),
        verified_vector("with an id that goes on", one + ".U2", "SealMismatch"),
        verified_vector("with another hour", with_field(hour="498746"), "SealMismatch"),
        verified_vector("with a zero before the hour", with_field(hour="0" + hour), "SealMismatch"),
        verified_vector("with a sign before the hour", with_field(hour="+" + hour), "Unsealed"),
        verified_vector("without an hour", with_field(hour=""), "Unsealed"),
        verified_vector("with other options", with_field(options="f"), "SealMismatch"),
        verified_vector("with its options taken off", sealed("U1", "f").replace(".f.", ".-."), "SealMismatch"),
        verified_vector("with a number whose secret is another", with_field(number="1"), "SealMismatch"),
        verified_vector("with a number that is unknown", with_field(number="3"), "UnknownSecret"),
        verified_vector("with a number that is too large", with_field(number="65538"), "Unsealed"),
        verified_vector("by another secret of the same number", sealed("U1", secret=SECRETS[1]), "SealMismatch"),
        verified_vector("of a later version", with_field(form="s2"), "Unsealed"),
        verified_vector("with its form changed", with_field(form="s1b", last="VTE"), "SealMismatch"),
        verified_vector("sealed as base64url and not in it", sealed("U1", form="s1b").replace(".VTE", ".VTF"), "SealMismatch"),
        verified_vector("sealed as base64url", sealed("U1", form="s1b")),
        verified_vector("with options of a later release", sealed("U1", "fz"), "UnknownOptions"),
        verified_vector("with options in another order", sealed("U1", "af"), "UnknownOptions"),
        verified_vector("with staged parts", sealed("U1", "s"), options="s"),
        verified_vector("in upper case", one.upper(), "Unsealed"),
        verified_vector("with a blank after", one + " ", "Unsealed"),
        verified_vector("with a line feed after", one + "\n", "Unsealed"),
        verified_vector("with a letter beyond ASCII", one + "é", "Unsealed"),
        verified_vector("one character too long", sealed("U" * (LONGEST - len(sealed("")) + 1)), "Unsealed"),
    ]
    for options in ["f", "a", "k", "fa", "fk"]:
        vectors.append(verified_vector(f"options {options}", sealed("U1", options), options=options))
    for comment, s3_id in S3_IDS.items():
        vectors.append(verified_vector(f"an id {comment}", sealed(s3_id), s3_id=s3_id))
    return vectors


REQUEST = {
    "requestId": "4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==",
    "method": "PUT",
    "uri": "/dir/a.log",
    "query": "partNumber=7&uploadId=U1",
}
ORIGIN = "fleet-uploads-prod.s3.us-east-1.amazonaws.com"
HEADERS = [["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="], ["x-amz-meta-a", "日"]]
# What CloudFront adds or keeps.
OF_CLOUDFRONT = [
    ["host", ORIGIN],
    ["content-length", "5"],
    ["user-agent", "Amazon CloudFront"],
    ["via", "1.1 d111111abcdef8.cloudfront.net (CloudFront)"],
    ["x-forwarded-for", "203.0.113.178"],
    ["accept-encoding", "gzip"],
    ["cloudfront-viewer-country", "DE"],
]


def hand_over_seal(request, origin, headers, now=NOW, number=2, version="1", secret=None):
    seconds = str(now // 1000)
    fields = [version, str(number), seconds, request["requestId"], request["method"], origin, request["uri"], request["query"]]
    for name, value in headers:
        fields += [name, value.strip(" \t")]
    mac = hmac.new(hand_over_key(secret or SECRETS[number]), netstrings(fields), hashlib.sha256).digest()
    return ";".join([version, str(number), seconds, ",".join(name for name, _ in headers), b64(mac)])


def hand_over_vector(comment, fault=None, seal=None, origin=ORIGIN, headers=HEADERS, now=NOW, removed=(), **changed):
    """What origin-request sees; by default what viewer-request sealed."""
    seal = hand_over_seal(REQUEST, ORIGIN, HEADERS) if seal is None else seal
    lines = headers + OF_CLOUDFRONT
    lines = lines + ([["x-ossedge-origin", origin]] if origin else []) + ([["x-ossedge-seal", seal]] if seal else [])
    removed = sorted({"x-ossedge-origin", "x-ossedge-seal", *removed})
    accepted = {} if fault else {"origin": origin, "removed": removed}
    return {"id": comment, **REQUEST, **changed, "headers": lines, "now": now, "fault": fault, **accepted}


def hand_overs():
    one = hand_over_seal(REQUEST, ORIGIN, HEADERS)
    version, number, seconds, names, mac = one.split(";")
    with_field = lambda **changed: ";".join(
        {**dict(version=version, number=number, seconds=seconds, names=names, mac=mac), **changed}.values()
    )
    minute = 60 * 1000
    now = NOW // 1000 * 1000
    moved = [["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==x"], ["-amz-meta-a", "日"]]
    empty = [["x-amz-meta-a", ""], ["x-amz-meta-b", "1"]]
    vectors = [
        hand_over_vector("as it was sealed"),
        hand_over_vector("by a retired secret", seal=hand_over_seal(REQUEST, ORIGIN, HEADERS, number=1)),
        hand_over_vector("headers in another order", headers=HEADERS[::-1]),
        hand_over_vector("white space around a value", headers=[[name, f" {value}\t"] for name, value in HEADERS]),
        hand_over_vector("a minute later", now=now + minute + 999),
        hand_over_vector("more than a minute later", "Expired", now=now + minute + 1000),
        hand_over_vector("of a clock a minute ahead", now=now - minute),
        hand_over_vector("of a clock more than a minute ahead", "Expired", now=now - minute - 1),
        hand_over_vector("of another request", "Mismatch", requestId="another=="),
        hand_over_vector("another method", "Mismatch", method="POST"),
        hand_over_vector("another origin", "Mismatch", origin="other.s3.us-east-1.amazonaws.com"),
        hand_over_vector("no origin", "Mismatch", origin=""),
        hand_over_vector("another path", "Mismatch", uri="/dir/b.log"),
        hand_over_vector("another query", "Mismatch", query="partNumber=8&uploadId=U1"),
        hand_over_vector("no query", "Mismatch", query=""),
        hand_over_vector("path and query that join to the same", "Mismatch", uri="/dir/a.logp", query="artNumber=7&uploadId=U1"),
        hand_over_vector("another value", "Mismatch", headers=[HEADERS[0], ["x-amz-meta-a", "月"]]),
        hand_over_vector("another name", "Mismatch", headers=[HEADERS[0], ["x-amz-meta-b", "日"]]),
        hand_over_vector("a value that moved", "Mismatch", headers=moved),
        hand_over_vector("a header that didn't arrive", "Mismatch", headers=HEADERS[1:]),
        hand_over_vector("a header that is repeated", "Mismatch", headers=HEADERS + HEADERS[:1]),
        hand_over_vector(
            "a header without a value that didn't arrive",
            headers=empty[1:],
            seal=hand_over_seal(REQUEST, ORIGIN, empty),
        ),
        hand_over_vector("S3's own header that isn't sealed", "Added", headers=HEADERS + [["x-amz-acl", "public-read"]]),
        hand_over_vector("a condition that isn't sealed", "Added", headers=HEADERS + [["if-match", "*"]]),
        hand_over_vector("another header that isn't sealed", headers=HEADERS + [["cache-control", "no-cache"]], removed=["cache-control"]),
        hand_over_vector(
            "the client's own headers",
            headers=HEADERS + [["authorization", "OSS a:b"], ["cookie", "a"], ["cookie", "b"], ["x-ossedge-request", "a"]],
            removed=["authorization", "cookie", "x-ossedge-request"],
        ),
        hand_over_vector("a name that isn't sealed any more", "Mismatch", seal=with_field(names="content-md5")),
        hand_over_vector("one more name", "Mismatch", seal=with_field(names=names + ",via")),
        hand_over_vector("names in another order", "Mismatch", seal=with_field(names="x-amz-meta-a,content-md5")),
        hand_over_vector("no seal", "Unsealed", seal=""),
        hand_over_vector("another time", "Mismatch", seal=with_field(seconds=str(int(seconds) + 1))),
        hand_over_vector("another MAC", "Mismatch", seal=with_field(mac="A" * 43)),
        hand_over_vector("half of the MAC", "Mismatch", seal=with_field(mac=mac[:20])),
        hand_over_vector("no MAC", "Mismatch", seal=with_field(mac="")),
        hand_over_vector("a MAC that isn't base64url", "OtherForm", seal=with_field(mac=mac + "=")),
        hand_over_vector("a number that is unknown", "UnknownSecret", seal=with_field(number="3")),
        hand_over_vector("a number whose secret is another", "Mismatch", seal=with_field(number="1")),
        hand_over_vector("another secret of the same number", "Mismatch", seal=hand_over_seal(REQUEST, ORIGIN, HEADERS, secret=SECRETS[1])),
        hand_over_vector("a later version", "OtherForm", seal=hand_over_seal(REQUEST, ORIGIN, HEADERS, version="2")),
        hand_over_vector("one more field", "OtherForm", seal=one + ";"),
        hand_over_vector("one field less", "OtherForm", seal=one.rsplit(";", 1)[0]),
        hand_over_vector("no header", headers=[], seal=hand_over_seal(REQUEST, ORIGIN, [])),
    ]
    return vectors


def document():
    return {
        "comment": "Sealed upload ids, and the seal of what viewer-request hands over to origin-request (docs/seals.md).",
        "source": "tests/vectors/seals.py",
        "secrets": {"secrets": [{"number": number, "secret": b64(secret)} for number, secret in SECRETS.items()]},
        "keys": [
            {"number": number, "uploadIds": upload_ids_key(secret).hex(), "handOver": hand_over_key(secret).hex()}
            for number, secret in SECRETS.items()
        ],
        "sealedUploadIds": upload_ids(),
        "verifiedUploadIds": verified_upload_ids(),
        "handOvers": hand_overs(),
    }


def text():
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(text(), end="")
