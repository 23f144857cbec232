"""The construction of derived keys, in Python, gives the vectors that the core is held to."""

import importlib.util
import unittest
from pathlib import Path

VECTORS = Path(__file__).parents[1] / "vectors"
spec = importlib.util.spec_from_file_location("derived_keys", VECTORS / "derived_keys.py")
derived_keys = importlib.util.module_from_spec(spec)
spec.loader.exec_module(derived_keys)


class DerivedKeys(unittest.TestCase):
    def test_the_vectors_are_what_this_implementation_makes(self):
        self.assertEqual((VECTORS / "derived-keys.json").read_text("utf-8"), derived_keys.text())

    def test_a_secret_looks_as_those_of_oss_do(self):
        for vector in derived_keys.document()["vectors"]:
            self.assertRegex(vector["accessKeySecret"], r"\A[0-9A-Za-z]{30}\Z", vector["id"])


if __name__ == "__main__":
    unittest.main()
