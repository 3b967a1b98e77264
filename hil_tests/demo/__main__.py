"""`python -m hil_tests.demo`: three real phones, one ad hoc conference; exits with 0 only if all is true."""

import argparse
import contextlib
import signal
import sys
import time
import traceback
from pathlib import Path

from hil_tests.demo import summary, verdict
from hil_tests.demo.display import Display
from hil_tests.demo.scene import TURN_S, Scene
from hil_tests.programs import MissingProgramError

LIMIT_S = 150


def main(arguments: list[str] | None = None) -> int:
    """Play, judge, report; returns the exit code."""
    options = _options(arguments)
    display = Display()
    folder: Path = options.output.resolve()
    _clear(folder)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(int(LIMIT_S + options.seconds))
    try:
        with Scene(folder, options.seconds, display) as scene:
            performance = scene.play()
            with display.stage("judging the capture and the recordings"):
                result = verdict.judge(performance)
                shown = summary.write(performance, result, display.elapsed_s())
            display.console.print()
            display.console.print(shown)
            signal.alarm(0)
            if options.keep:
                _keep(display, performance.bench.server)
    except KeyboardInterrupt:
        display.line("✗", "interrupted; everything that was started is stopped", "bold red")
        return 130
    except (
        Exception
    ) as error:  # whatever it was, the person at the terminal gets a sentence and a place to look
        (folder / "failure.txt").write_text(traceback.format_exc())
        words = str(error) if isinstance(error, (AssertionError, MissingProgramError)) else repr(error)
        display.line("✗", words, "bold red")
        display.line("✗", f"the demonstration could not be finished; logs are in {folder}/", "bold red")
        return 1
    return 0 if result.passed else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hil_tests.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave server and boards running until Ctrl-C")
    parser.add_argument(
        "--seconds", type=float, default=5 * TURN_S, help="how long all three talk (default %(default)g)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("out/run"), help="folder for the results (default %(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.seconds < 3 * TURN_S + 2:
        parser.error(f"--seconds must be at least {3 * TURN_S + 2:g}: three turns and a while together")
    return options


def _clear(folder: Path) -> None:
    """Remove an earlier run's results, so that nothing old is taken for new."""
    for name in ("summary.json", "summary.txt", "ladder.svg", "recordings.png", "call.pcapng", "failure.txt"):
        (folder / name).unlink(missing_ok=True)
    for pattern in ("*.wav", "up*.log", "logs/*.log", "logs/*.wav", "logs/*/*.wav"):
        for path in folder.glob(pattern):
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def _too_long(*_: object) -> None:
    raise AssertionError("the demonstration took too long and was stopped")


def _keep(display: Display, server: str) -> None:
    display.line("→", f"server and boards stay up: call {server} with a phone of your own; Ctrl-C ends it")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
