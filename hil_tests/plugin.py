"""Fixtures and hooks of the bench: --board, a folder of artifacts per test, a time limit, figures."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hil_tests import devices, emulated, programs, talk
from hil_tests.bench import Bench
from hil_tests.capture import Capture
from hil_tests.crowd_runner import CrowdRun
from hil_tests.ports import PortPicker
from hil_tests.report import Figures, RunReport
from hil_tests.ues.face import Phone

LIMIT_S = 90  # of a test without a limit_s mark: a hang must not hold up the run
PHONE_PORTS = 40
_RUN = pytest.StashKey[RunReport]()
_FOLDER = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--board and --hil-output."""
    group = parser.getgroup("hil", "Parley's bench")
    group.addoption("--board", default="virtual", choices=devices.KINDS, help="kind of board to test against")
    group.addoption("--hil-output", default="out/hil", help="folder for logs, captures and recordings")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark and open the report."""
    config.addinivalue_line("markers", "limit_s(seconds): a test that takes longer is stopped and fails")
    config.addinivalue_line(
        "markers",
        "emulated(kind): only for emulated boards: --board's, and this kind if one is named",
    )
    config.addinivalue_line(
        "markers",
        "once: run against virtual boards only; judges server, phones or bench, or a like test judges every board",
    )
    # pytest-embedded asks for it in every test; nothing we could do about it
    config.addinivalue_line(
        "filterwarnings", "ignore:record_xml_attribute:pytest.PytestExperimentalApiWarning"
    )
    folder = programs.REPOSITORY / config.getoption("--hil-output")
    config.stash[_RUN] = RunReport(folder, config.getoption("--board"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for emulated boards alone where --board names no such board, and there what is run once."""
    name = "once" if config.getoption("--board") in emulated.KINDS else "emulated"
    left_out = [item for item in items if item.get_closest_marker(name)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs an emulator that is not here; where CI asks for it, fail."""
    if item.get_closest_marker("hil") is None:
        return
    mark = item.get_closest_marker("emulated")
    kinds = {item.config.getoption("--board"), *(mark.args if mark else ())}
    for reason in filter(None, map(emulated.missing, kinds)):
        missing = item.config.stash[_RUN].missing
        missing[reason] = missing.get(reason, 0) + 1
        if emulated.in_ci():
            pytest.fail(f"{reason} (CI skips nothing)", pytrace=False)
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    """Fail a test that hangs, set-up and tear-down included."""
    if item.get_closest_marker("hil") is None:
        return (yield)
    mark = item.get_closest_marker("limit_s")
    seconds = int(mark.args[0]) if mark else LIMIT_S

    def too_long(*_: object) -> None:
        raise TimeoutError(f"stopped after {seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Say where the logs of a failed test are."""
    report = yield
    if item.get_closest_marker("hil") is None:
        return report
    run = item.config.stash[_RUN]
    if report.when == "call" or report.outcome != "passed":
        run.outcomes[item.nodeid] = report.outcome
    if report.failed and _FOLDER in item.stash:
        report.sections.append(("artifacts", str(item.stash[_FOLDER])))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The figures."""
    run = config.stash[_RUN]
    for reason, count in run.missing.items():
        terminalreporter.write_line(f"{count} tests of emulated boards not run: {reason}")
    path = run.write()
    if path is not None and run.lines():
        terminalreporter.section("figures")
        for line in run.lines():
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"all of them: {path}")


@pytest.fixture(scope="session")
def hil_folder(request: pytest.FixtureRequest) -> Path:
    """out/hil, or what --hil-output says."""
    return programs.REPOSITORY / request.config.getoption("--hil-output")


@pytest.fixture(scope="session")
def spoken(hil_folder: Path) -> dict[str, Path]:
    """A recording for each of ue1, ue2 and ue3 to speak."""
    return talk.tracks(hil_folder / "voices")


@pytest.fixture
def artifacts(request: pytest.FixtureRequest, hil_folder: Path) -> Path:
    """An empty folder for this test's logs, capture and recordings."""
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name).strip("-")
    folder = hil_folder / f"{request.path.stem}-{slug}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    request.node.stash[_FOLDER] = folder
    return folder


@pytest.fixture
def figures(request: pytest.FixtureRequest, artifacts: Path) -> Figures:
    """Figures this test measures."""
    return request.config.stash[_RUN].open(request.node.name, artifacts)


@pytest.fixture(scope="session")
def ports() -> PortPicker:
    """Free ports, none twice."""
    return PortPicker()


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest, hil_folder: Path, ports: PortPicker) -> Iterator[Bench]:
    """A server and two boards for every test that leaves them as it found them."""
    folder = hil_folder / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    with Bench(folder, ports, board=request.config.getoption("--board")) as running:
        yield running


@pytest.fixture(scope="session")
def lone_board(
    request: pytest.FixtureRequest, hil_folder: Path, ports: PortPicker
) -> Iterator[Callable[..., Bench]]:
    """lone_board(kind="virtual"): a server with one board, --board's by default, for tests that leave it as it was.

    Started when it is first asked for, and kept for the others.
    """
    running: dict[str, Bench] = {}
    with ExitStack() as stack:

        def take(kind: str = request.config.getoption("--board")) -> Bench:
            if kind not in running:
                folder = hil_folder / f"lone-{kind}"
                shutil.rmtree(folder, ignore_errors=True)
                running[kind] = stack.enter_context(Bench(folder, ports, boards=1, board=kind))
            return running[kind]

        yield take


@pytest.fixture
def own_bench(
    request: pytest.FixtureRequest, artifacts: Path, ports: PortPicker
) -> Iterator[Callable[..., Bench]]:
    """own_bench(boards=1, legs=8, ...): a started bench of the test's own, stopped after it."""
    with ExitStack() as stack:

        def make(**options: object) -> Bench:
            options.setdefault("board", request.config.getoption("--board"))
            made = Bench(artifacts / "bench", ports, **options)  # type: ignore[arg-type]
            stack.callback(made.stop)
            return made.start()

        yield make


@pytest.fixture
def capture_of(artifacts: Path) -> Iterator[Callable[..., Capture]]:
    """capture_of(bench, *phones): a started capture of everything between them, stopped after the test."""
    with ExitStack() as stack:

        def make(bench: Bench, *phones: Phone) -> Capture:
            watched = [bench.sip_port, *(phone.port for phone in phones)]
            made = Capture(artifacts / "call.pcapng", [bench.board_net], watched)
            stack.callback(made.stop)
            return made.start()

        yield make


@pytest.fixture
def phone_of(artifacts: Path, ports: PortPicker) -> Iterator[Callable[..., Phone]]:
    """phone_of(Pjsua, "ue2", play=wav): a phone of the test's own (not started), stopped after the test."""
    with ExitStack() as stack:

        def make(kind: type[Phone], name: str, **options: object) -> Phone:
            made = kind(name, artifacts, ports.take(PHONE_PORTS), **options)  # type: ignore[arg-type]
            stack.callback(made.stop)
            return made

        yield make


@pytest.fixture
def crowd_of(artifacts: Path) -> Iterator[Callable[..., CrowdRun]]:
    """crowd_of(server=..., conferences=8, participants=4): a started crowd, stopped after the test."""
    with ExitStack() as stack:

        def make(name: str = "crowd", **options: object) -> CrowdRun:
            made = CrowdRun(artifacts, name, **options)
            stack.callback(made.stop)
            return made.start()

        yield make
