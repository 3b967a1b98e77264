"""The torture messages of torture/meaning.txt."""

import unittest

from torture_cases import TortureCase


class MeaningTest(TortureCase):
    group = "meaning"
    count = 17


del TortureCase  # a base, no test of its own

if __name__ == "__main__":
    unittest.main()
