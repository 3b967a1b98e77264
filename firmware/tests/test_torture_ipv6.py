"""The torture messages of torture/ipv6.txt."""

import unittest

from torture_cases import TortureCase


class Ipv6Test(TortureCase):
    group = "ipv6"
    count = 12


del TortureCase  # a base, no test of its own

if __name__ == "__main__":
    unittest.main()
