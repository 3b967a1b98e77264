"""This firmware's part in an upgrade (main.py has the other): says what it is, confirms itself, tells how it went.

upgrade.json: {"image": id of the new firmware, "state": "staged", "trial", "returning", "rolled back" or
"confirmed", "tries": starts on trial, "reason": why it was rolled back}.
"""

import json
import os

STATE_FILE = "upgrade.json"
CRASH_FILE = "last_crash.txt"
IMAGE_FILE = "parley/image_id"


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except (OSError, ValueError):
        return ""


class Upgrade:
    """image: id of the firmware that runs, "" where there is none; state: upgrade.json as a dictionary."""

    def __init__(self, log):
        self.image = _read(IMAGE_FILE).strip()[:16]
        self._log = log
        try:
            state = json.loads(_read(STATE_FILE) or "{}")
        except ValueError:
            state = {}
        self.state = state if isinstance(state, dict) else {}

    @property
    def on_trial(self):
        """This firmware has still to show that it works."""
        return self.state.get("state") == "trial"

    def registered(self):
        """The server has taken our registration: that is what a firmware must be able to do."""
        if not self.on_trial:
            return
        self.state["state"] = "confirmed"
        self.state["reason"] = ""
        try:
            with open(STATE_FILE + ".new", "w") as file:
                json.dump(self.state, file)
            os.rename(STATE_FILE + ".new", STATE_FILE)
        except OSError as error:
            self._log.error("upgrade", "cannot be confirmed: %s" % error)
            return
        self._log.info("upgrade", "firmware %s is confirmed" % self.image)

    def told(self):
        """What the server is to know: [image, state, reason]; None when there was no upgrade."""
        if "state" not in self.state:
            return None
        return [str(self.state.get(name, "")) for name in ("image", "state", "reason")]


def note_crash(error):
    """For the next boot, which tells the server (main.py does the same for a package that cannot be imported)."""
    try:
        with open(CRASH_FILE, "w") as file:
            file.write(("%s: %s" % (type(error).__name__, error))[:200])
    except OSError:
        pass


def last_end(reset_cause):
    """Why the board was started: [cause, details]. reset_cause: "watchdog", "reset", "power on" or ""."""
    crash = _read(CRASH_FILE)
    if crash:
        try:
            os.remove(CRASH_FILE)
        except OSError:
            pass
        return ["crash", crash]
    return [reset_cause, ""]
