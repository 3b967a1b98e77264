"""The torture messages of torture/valid.txt."""

import unittest

from torture_cases import TortureCase


class ValidTest(TortureCase):
    group = "valid"
    count = 13


del TortureCase  # a base, no test of its own

if __name__ == "__main__":
    unittest.main()
