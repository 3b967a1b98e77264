"""Feeds the hardware watchdog while the whole board makes progress: half a board gets reset too."""

TIMEOUT_MS = 8000  # the longest the smallest of our boards' watchdogs can wait


class Watchdog:
    """device: a machine.WDT, or None on a board without one."""

    def __init__(self, device):
        self._device = device
        self._ticked = False
        self._served = False
        self.longest_wait_ms = -1 if device is None else TIMEOUT_MS // 4  # how long the loop may sleep

    def ticked(self):
        """The media tick ran, or there is no conference to run it for."""
        self._ticked = True

    def served(self):
        """The SIP socket was drained and the endpoint's timers ran."""
        self._served = True

    def feed(self):
        """To be called once a turn of the loop. Returns True when the device was fed."""
        if not (self._ticked and self._served):
            return False
        self._ticked = self._served = False
        if self._device is not None:
            self._device.feed()
        return True
