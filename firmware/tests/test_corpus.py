"""Replays the fuzzing corpus (corpus/TARGET/*): nothing in it may raise anything but RemoteError."""

import os
import unittest

from fuzz_targets import TARGETS

from parley.wire.errors import RemoteError

FOLDER = __file__.rpartition("/")[0] + "/corpus/"


class CorpusTest(unittest.TestCase):
    def test_every_file(self):
        for name in sorted(TARGETS):
            files = sorted(os.listdir(FOLDER + name))
            self.assertTrue(len(files) >= 3, name)
            for file in files:
                with open(FOLDER + name + "/" + file, "rb") as source:
                    data = source.read()
                try:
                    TARGETS[name](data)
                except RemoteError as error:
                    self.assertTrue(error.status == 0 or 400 <= error.status < 700, file)

    def test_every_folder_is_a_target(self):
        self.assertEqual(sorted(os.listdir(FOLDER)), sorted(TARGETS))


if __name__ == "__main__":
    unittest.main()
