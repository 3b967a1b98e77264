import unittest

from parley.app.watchdog import Watchdog


class WatchdogTest(unittest.TestCase):
    def test_is_fed_only_when_both_made_progress(self):
        class Device:
            fed = 0

            def feed(self):
                self.fed += 1

        device = Device()
        watchdog = Watchdog(device)
        self.assertFalse(watchdog.feed())
        watchdog.ticked()
        self.assertFalse(watchdog.feed())
        watchdog.served()
        self.assertTrue(watchdog.feed())
        self.assertFalse(watchdog.feed())
        watchdog.served()
        self.assertFalse(watchdog.feed())
        self.assertEqual(device.fed, 1)
        self.assertTrue(watchdog.longest_wait_ms > 0)

    def test_board_without_one_may_sleep(self):
        watchdog = Watchdog(None)
        watchdog.ticked()
        watchdog.served()
        self.assertTrue(watchdog.feed())
        self.assertEqual(watchdog.longest_wait_ms, -1)


if __name__ == "__main__":
    unittest.main()
