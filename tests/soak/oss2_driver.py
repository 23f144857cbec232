"""The driver of oss2: as those of tests/e2e/sdks, it answers each case, a JSON line of standard input, with one line."""

import json
import logging
import sys
import tempfile
from pathlib import Path

import oss2

oss2.set_stream_logger(level=logging.CRITICAL)


def operation_of(case):
    auth = {"v1": oss2.Auth, "v4": oss2.AuthV4}[case["signature"]](case["accessKeyId"], case["accessKeySecret"])
    session = oss2.Session()
    session.session.trust_env = False
    region = case["region"].removeprefix("oss-")
    bucket = oss2.Bucket(auth, case["endpoint"], case["bucket"], session=session, region=region, connect_timeout=60)
    key, file = case["key"], case["file"]

    def upload():
        with tempfile.TemporaryDirectory() as folder:
            store = oss2.ResumableStore(root=folder)
            part_size = case["partSize"]
            oss2.resumable_upload(bucket, key, file, store=store, multipart_threshold=part_size, part_size=part_size, num_threads=2)

    def stream():
        # oss2 sends an iterable in chunks.
        bucket.put_object(key, iter([Path(file).read_bytes()]))

    def abort():
        bucket.abort_multipart_upload(key, bucket.init_multipart_upload(key).upload_id)

    return {
        "putBytes": lambda: bucket.put_object(key, Path(file).read_bytes()),
        "putFile": lambda: bucket.put_object_from_file(key, file),
        "putStream": stream,
        "upload": upload,
        "abort": abort,
    }[case["operation"]]


for line in sys.stdin:
    case = json.loads(line)
    answer = {"id": case["id"]}
    try:
        operation_of(case)()
    except oss2.exceptions.OssError as error:
        answer["error"] = {"type": type(error).__name__, "message": error.message, "status": error.status, "code": error.code}
    except Exception as error:  # noqa: BLE001: the soak test counts it
        answer["error"] = {"type": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
