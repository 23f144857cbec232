"""Earlier releases of the SDKs for Python upload as the latest do, each in a process of its own."""

import json
import os
import secrets
import subprocess
import sys
import tempfile

import uploads
from uploads import HERE, MIB, PACKAGE

# Put there by build.sh: one folder a release, as `oss2==2.0.3`.
RELEASES = PACKAGE / "target" / "sdks"


def setUpModule():
    global s3, gateway
    s3, gateway = uploads.start("older-python")


class OlderReleases(uploads.UploadTest):
    def test_upload_in_every_signature_version_that_they_have(self):
        releases = [line.strip() for line in (HERE / "older-releases.txt").read_text().splitlines() if "==" in line]
        self.assertGreater(len(releases), 0)
        body = secrets.token_bytes(11 * MIB)
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            for release in releases:
                with self.subTest(release):
                    for key in self.upload(release, file.name):
                        self.assert_stored(key, body)

    def upload(self, release, body_file):
        key = s3.fixture["accessKeys"]["accessKeys"][0]
        sdk = release.split("==")[0].replace("-", "_")
        arguments = [sdk, str(gateway.port), s3.fixture["bucket"], key["accessKeyId"], key["accessKeySecret"], body_file]
        environment = {**os.environ, "PYTHONPATH": str(RELEASES / release), "NO_PROXY": "localhost,127.0.0.1"}
        command = [sys.executable, "-W", "ignore", str(HERE / "upload_once.py"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)
