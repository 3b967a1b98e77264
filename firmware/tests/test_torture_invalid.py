"""The torture messages of torture/invalid.txt."""

import unittest

from torture_cases import TortureCase


class InvalidTest(TortureCase):
    group = "invalid"
    count = 19


del TortureCase  # a base, no test of its own

if __name__ == "__main__":
    unittest.main()
