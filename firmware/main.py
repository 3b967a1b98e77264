"""What a board runs after its boot: the conference bridge, a new firmware on trial first.

The server puts a new firmware beside the running one, into next/, and names it in upgrade.json as "staged". At the
next boot the two change places and the new one is on "trial": confirmed by parley/app/upgrade.py once it has
registered with the server. One that crashes, or is started TRIALS times without that, goes back; the old one
returns, and upgrade.json says why. The steps of the exchange may be repeated, so a power cut in it does no harm.

It stands alone: whatever is wrong with the package parley, this must work. An upgrade leaves it as it is.
"""

# pyright: reportAttributeAccessIssue=false
# (the unix port's stubs lack what a board's machine has)

import json
import os
import sys

import machine

STATE_FILE = "upgrade.json"
CRASH_FILE = "last_crash.txt"  # read, reported and removed by the next boot
PARTS = ("parley", "parley_native.mpy")
TRIALS = 3
WATCHDOG_MS = 8000  # as parley/app/watchdog.py


def read_state():
    """What upgrade.json says; {} when there is no upgrade, or nobody can read it."""
    try:
        with open(STATE_FILE) as file:
            state = json.load(file)
        return state if isinstance(state, dict) else {}
    except (OSError, ValueError):
        return {}


def write_state(state):
    """Replaces the file at one stroke."""
    with open(STATE_FILE + ".new", "w") as file:
        json.dump(state, file)
    os.rename(STATE_FILE + ".new", STATE_FILE)


def reset():
    """Starts the board anew; without a reset of its own the process ends, and is started again."""
    if hasattr(machine, "reset"):
        machine.reset()
    raise SystemExit(0)


def exists(path):
    """Whether there is such a file or folder."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def exchange(source, aside):
    """Takes each part that lies in `source` into service; what it replaces goes into `aside`."""
    if not exists(aside):
        os.mkdir(aside)
    for part in PARTS:
        if exists(source + "/" + part):
            if exists(part) and not exists(aside + "/" + part):
                os.rename(part, aside + "/" + part)
            os.rename(source + "/" + part, part)


def give_back(state, reason):
    """The new firmware has failed: the old one returns."""
    state["state"] = "returning"
    state["reason"] = reason
    write_state(state)
    exchange("previous", "next")
    state["state"] = "rolled back"
    write_state(state)
    print("main: the new firmware is given up: " + reason)
    reset()


def prepare():
    """Brings an upgrade one step on. Returns the state when the firmware is on trial, else None."""
    state = read_state()
    name = state.get("state")
    if name == "staged":
        exchange("next", "previous")
        state["state"] = "trial"
        state["tries"] = 0
        write_state(state)
        print("main: a new firmware is in place")
        reset()
    if name == "returning":
        give_back(state, state.get("reason", ""))
    if name != "trial":
        return None
    if state.get("tries", 0) >= TRIALS:
        give_back(state, state.get("reason") or "it did not register in %d starts" % TRIALS)
    state["tries"] = state.get("tries", 0) + 1
    write_state(state)
    if hasattr(machine, "WDT"):
        machine.WDT(timeout=WATCHDOG_MS)  # it may hang before it starts one itself
    return state


def note_crash(error):
    """For the next boot, which tells the server. Returns the one line."""
    text = "%s: %s" % (type(error).__name__, error)
    try:
        with open(CRASH_FILE, "w") as file:
            file.write(text[:200])
    except OSError:
        pass
    return text


def main():
    """Never returns while the firmware works."""
    trial = prepare()
    try:
        from parley.app import board

        board.run()
    except Exception as error:
        text = note_crash(error)
        if trial is not None and read_state().get("state") == "trial":
            sys.print_exception(error)
            give_back(trial, text)
        raise


main()
