"""What is to be said of a board that works, but should be looked after."""

from parley import __version__
from parleyd.report import BoardReport


def complaint_of(report: BoardReport, twin: str = "") -> str:
    """Return one sentence for people, "" for nothing.

    report: the board's latest. twin: boot of another board that has lately spoken with its identity, "" for none.
    """
    if twin:
        return (
            f"another board (boot {twin}) registers with this identity and is refused; "
            "find it and give it its own: parley board provision"
        )
    told = report.upgrade
    if told is not None and told.state == "rolled back":
        return f"upgrade to {told.image} was taken back, the firmware before it runs again: {told.reason}"
    if _is_older(report.firmware):
        return f"runs firmware {report.firmware}, this server is {__version__}: parley board upgrade NAME"
    return ""


def _is_older(firmware: str) -> bool:
    """Tell whether a firmware's number is below this server's; a newer one was chosen by somebody."""
    try:
        return [int(part) for part in firmware.split(".")] < [int(part) for part in __version__.split(".")]
    except ValueError:
        return firmware != __version__
