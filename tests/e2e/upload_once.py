"""Uploads with whatever version of an SDK is on PYTHONPATH, in every signature version that it has.

    python upload_once.py oss2|alibabacloud_oss_v2 PORT BUCKET ACCESS_KEY_ID ACCESS_KEY_SECRET BODY_FILE

Standard output: a JSON list of the keys under which S3 must have the body. The body has 11 MiB.
"""

import inspect
import json
import sys
import tempfile
from pathlib import Path

import requests

MIB = 1024 * 1024


def by_oss2(port, bucket, access_key_id, access_key_secret, file):
    import oss2
    from oss2.models import PartInfo

    body = file.read_bytes()
    versions = {"v1": oss2.Auth, "v4": getattr(oss2, "AuthV4", None)}
    for version, auth in versions.items():
        if auth is None:
            continue
        key = f"once/oss2 {oss2.__version__} {version}"
        region = {"region": "cn-hangzhou"} if "region" in inspect.signature(oss2.Bucket.__init__).parameters else {}
        device = oss2.Bucket(auth(access_key_id, access_key_secret), f"http://127.0.0.1:{port}", bucket, **region)
        device.put_object(f"{key} put", body)
        yield f"{key} put"
        upload_id = device.init_multipart_upload(f"{key} parts").upload_id
        parts = [body[: 6 * MIB], body[6 * MIB :]]
        etags = [device.upload_part(f"{key} parts", upload_id, number, part).etag for number, part in enumerate(parts, 1)]
        device.complete_multipart_upload(f"{key} parts", upload_id, [PartInfo(number, etag) for number, etag in enumerate(etags, 1)])
        yield f"{key} parts"
        device.abort_multipart_upload(f"{key} aborted", device.init_multipart_upload(f"{key} aborted").upload_id)
        with tempfile.TemporaryDirectory() as folder:
            store = oss2.ResumableStore(root=folder)
            oss2.resumable_upload(device, f"{key} resumable", str(file), store=store, multipart_threshold=5 * MIB, part_size=5 * MIB)
        yield f"{key} resumable"
        if (version, oss2.__version__) != ("v4", "2.17.0"):  # "sign_url is not support in signature version 4"
            use_url(device.sign_url("PUT", f"{key} url", 60), body, f"aliyun-sdk-python/{oss2.__version__}")
            yield f"{key} url"


def by_alibabacloud_oss_v2(port, bucket, access_key_id, access_key_secret, file):
    import alibabacloud_oss_v2 as oss

    for version in ("v1", "v4"):
        key = f"once/v2 {oss.__version__} {version}"
        credentials = oss.credentials.StaticCredentialsProvider(access_key_id, access_key_secret)
        endpoint = f"http://localhost:{port}"
        settings = {"region": "cn-hangzhou", "endpoint": endpoint, "signature_version": version, "use_cname": True}
        device = oss.Client(oss.config.Config(credentials_provider=credentials, **settings))
        device.put_object(oss.PutObjectRequest(bucket=bucket, key=f"{key} put", body=file.read_bytes()))
        yield f"{key} put"
        device.uploader(part_size=5 * MIB, parallel_num=2).upload_file(oss.PutObjectRequest(bucket=bucket, key=f"{key} uploader"), str(file))
        yield f"{key} uploader"
        begun = device.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=bucket, key=f"{key} aborted"))
        device.list_parts(oss.ListPartsRequest(bucket=bucket, key=f"{key} aborted", upload_id=begun.upload_id))
        device.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=bucket, key=f"{key} aborted", upload_id=begun.upload_id))
        signed = device.presign(oss.PutObjectRequest(bucket=bucket, key=f"{key} url"))
        use_url(signed.url, file.read_bytes(), f"alibabacloud-python-sdk-v2/{oss.__version__}")
        yield f"{key} url"


def use_url(url, body, user_agent):
    requests.put(url, data=body, headers={"User-Agent": user_agent}, timeout=30).raise_for_status()


if __name__ == "__main__":
    sdk, port, bucket, access_key_id, access_key_secret, body_file = sys.argv[1:]
    upload = {"oss2": by_oss2, "alibabacloud_oss_v2": by_alibabacloud_oss_v2}[sdk]
    print(json.dumps(list(upload(port, bucket, access_key_id, access_key_secret, Path(body_file)))))
