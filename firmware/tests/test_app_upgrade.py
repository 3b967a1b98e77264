import json
import os
import unittest

from app_bench import SilentLog

from parley.app import upgrade as subject
from parley.app.upgrade import Upgrade, last_end

FOLDER = "upgrade_test_files"


class UpgradeTest(unittest.TestCase):
    def setUp(self):
        os.mkdir(FOLDER)
        subject.STATE_FILE = FOLDER + "/upgrade.json"
        subject.CRASH_FILE = FOLDER + "/last_crash.txt"
        subject.IMAGE_FILE = FOLDER + "/image_id"

    def tearDown(self):
        for name in os.listdir(FOLDER):
            os.remove(FOLDER + "/" + name)
        os.rmdir(FOLDER)

    def write(self, name, text):
        with open(FOLDER + "/" + name, "w") as file:
            file.write(text)

    def state(self):
        with open(subject.STATE_FILE) as file:
            return json.load(file)

    def test_nothing_is_known_of_a_board_that_never_was_upgraded(self):
        upgrade = Upgrade(SilentLog())
        self.assertEqual((upgrade.image, upgrade.on_trial, upgrade.told()), ("", False, None))
        upgrade.registered()
        self.assertEqual(os.listdir(FOLDER), [])

    def test_a_registration_confirms_what_is_on_trial(self):
        self.write("image_id", "0123456789abcdef0123\n")
        self.write("upgrade.json", '{"image": "0123", "state": "trial", "tries": 1}')
        upgrade = Upgrade(SilentLog())
        self.assertEqual(upgrade.image, "0123456789abcdef")
        self.assertEqual(upgrade.told(), ["0123", "trial", ""])
        upgrade.registered()
        self.assertEqual(self.state()["state"], "confirmed")
        self.assertFalse(upgrade.on_trial)

    def test_what_was_given_up_stays_known(self):
        self.write("upgrade.json", '{"image": "9", "state": "rolled back", "reason": "ValueError: x"}')
        upgrade = Upgrade(SilentLog())
        upgrade.registered()
        self.assertEqual(upgrade.told(), ["9", "rolled back", "ValueError: x"])
        self.assertEqual(self.state()["state"], "rolled back")

    def test_nonsense_in_the_file_is_no_upgrade(self):
        for text in ("", "{", "[]", "1"):
            self.write("upgrade.json", text)
            self.assertEqual(Upgrade(SilentLog()).told(), None)

    def test_a_crash_is_told_once(self):
        self.write("last_crash.txt", "ValueError: x")
        self.assertEqual(last_end("reset"), ["crash", "ValueError: x"])
        self.assertEqual(last_end("reset"), ["reset", ""])


if __name__ == "__main__":
    unittest.main()
