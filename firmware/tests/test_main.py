"""main.py: exchange of firmware, trial, taking back; with power cuts in between."""

import json
import os
import sys
import unittest

import parley.app

FOLDER = "main_test_files"
HERE = os.getcwd()


if not hasattr(sys, "print_exception"):  # main.py runs on MicroPython only, this test on both
    sys.print_exception = print


class ResetError(Exception):
    """The board was reset."""


class FakeMachine:
    def __init__(self):
        self.watchdogs = []

    def reset(self):
        raise ResetError()

    def WDT(self, timeout):
        self.watchdogs.append(timeout)


class FakeBoard:
    """What parley.app.board is to main.py."""

    def __init__(self):
        self.runs = 0
        self.error = None

    def run(self):
        self.runs += 1
        if self.error is not None:
            raise self.error


def source_of_main():
    here = __file__[: __file__.rfind("/")] if "/" in __file__ else "."
    with open(here + "/../main.py") as file:
        return file.read()


SOURCE = source_of_main()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def remove(path):
    try:
        names = os.listdir(path)
    except OSError:
        os.remove(path)
        return
    for name in names:
        remove(path + "/" + name)
    os.rmdir(path)


class MainTest(unittest.TestCase):
    def setUp(self):
        os.mkdir(FOLDER)
        os.chdir(FOLDER)
        os.mkdir("parley")
        write("parley/version", "old")
        write("parley_native.mpy", "old native")
        self.machine = FakeMachine()
        self.board = FakeBoard()
        self.before = sys.modules.get("machine"), getattr(parley.app, "board", None)
        sys.modules["machine"], parley.app.board = self.machine, self.board

    def tearDown(self):
        if self.before[0] is None:
            del sys.modules["machine"]
        else:
            sys.modules["machine"] = self.before[0]
        if self.before[1] is not None:
            parley.app.board = self.before[1]
        os.chdir(HERE)
        remove(FOLDER)

    def stage(self):
        os.mkdir("next")
        os.mkdir("next/parley")
        write("next/parley/version", "new")
        write("next/parley_native.mpy", "new native")
        write("upgrade.json", '{"image": "9", "state": "staged", "reason": ""}')

    def boot(self):
        """One boot; returns the error that ended it, None for none."""
        try:
            exec(SOURCE, {"__name__": "__main__"})
        except Exception as error:
            return error
        return None

    def boots(self, most=10):
        """Boots until the firmware runs and ends by itself, at most so often; returns how often."""
        for number in range(1, most + 1):
            if not isinstance(self.boot(), ResetError):
                return number
        raise AssertionError("it never stops")

    def state(self):
        return json.loads(read("upgrade.json"))

    def versions(self):
        return read("parley/version"), read("parley_native.mpy")

    def test_without_an_upgrade_the_firmware_runs(self):
        self.assertEqual(self.boot(), None)
        self.assertEqual(self.board.runs, 1)
        self.assertEqual(self.machine.watchdogs, [])

    def test_a_staged_firmware_is_taken_into_service_on_trial(self):
        self.stage()
        self.assertTrue(isinstance(self.boot(), ResetError))
        self.assertEqual(self.boot(), None)
        self.assertEqual(self.versions(), ("new", "new native"))
        self.assertEqual((self.state()["state"], self.state()["tries"]), ("trial", 1))
        self.assertEqual(len(self.machine.watchdogs), 1)
        write("upgrade.json", '{"image": "9", "state": "confirmed"}')
        self.assertEqual(self.boot(), None)
        self.assertEqual(self.versions(), ("new", "new native"))

    def test_one_that_crashes_goes_back_at_once_and_says_why(self):
        self.stage()
        self.boot()
        self.board.error = ValueError("worn out")
        self.assertTrue(isinstance(self.boot(), ResetError))
        self.assertEqual(self.versions(), ("old", "old native"))
        self.assertEqual(self.state()["state"], "rolled back")
        self.assertEqual(self.state()["reason"], "ValueError: worn out")
        self.board.error = None
        self.assertEqual(self.boot(), None)
        self.assertEqual(self.state()["state"], "rolled back")

    def test_one_that_never_registers_goes_back_after_some_starts(self):
        self.stage()
        self.boot()
        for _ in range(3):
            self.assertEqual(self.boot(), None)
        self.assertTrue(isinstance(self.boot(), ResetError))
        self.assertEqual(self.versions(), ("old", "old native"))
        self.assertIn("did not register in 3 starts", self.state()["reason"])

    def test_a_crash_without_an_upgrade_is_noted_and_shown(self):
        self.board.error = ValueError("worn out")
        self.assertTrue(self.boot() is self.board.error)
        self.assertEqual(read("last_crash.txt"), "ValueError: worn out")

    def test_nonsense_in_the_state_is_no_upgrade(self):
        for text in ("", "[]", "{", '{"state": 1}', '{"state": "x"}'):
            write("upgrade.json", text)
            self.assertEqual(self.boot(), None)

    def test_a_power_cut_anywhere_in_the_exchange_does_no_harm(self):
        for cut in range(1, 20):
            self.stage()
            if self.with_power_cut(cut):
                break
            self.boots()
            self.assertEqual(self.versions(), ("new", "new native"))
            self.assertEqual(self.state()["state"], "trial")
            self.fresh()
        self.assertTrue(cut > 5)

    def test_a_power_cut_anywhere_on_the_way_back_does_no_harm(self):
        for cut in range(1, 20):
            self.stage()
            self.boot()
            self.board.error = ValueError("worn out")
            if self.with_power_cut(cut):
                break
            self.boots()
            self.assertEqual(self.versions(), ("old", "old native"))
            self.fresh()
        self.assertTrue(cut > 5)

    def fresh(self):
        """As before the upgrade."""
        self.board.error = None
        for name in os.listdir("."):
            remove(name)
        os.mkdir("parley")
        write("parley/version", "old")
        write("parley_native.mpy", "old native")

    def with_power_cut(self, cut):
        """A boot whose power fails at the cut-th rename or mkdir. Returns whether it got to its end before."""
        left = [cut]

        class CutOs:
            """os, until the power fails."""

            stat = os.stat

            def rename(self, source, target):
                self._one_step()
                os.rename(source, target)

            def mkdir(self, path):
                self._one_step()
                os.mkdir(path)

            def _one_step(self):
                left[0] -= 1
                if left[0] == 0:
                    raise MemoryError("power cut")  # nothing in main.py may catch it in prepare()

        try:
            exec(SOURCE.replace("import os\n", ""), {"__name__": "__main__", "os": CutOs()})
        except MemoryError:
            return False
        except ResetError:
            pass
        return left[0] > 0


if __name__ == "__main__":
    unittest.main()
