"""The raw REPL and deployment over a serial port, against real MicroPython behind a real pseudo-terminal."""

import dataclasses
import os
import subprocess
import sys
import threading
import tty
from contextlib import contextmanager

import pytest

from parley.wire.errors import LocalError
from parleyd.deployment import deploy, listing
from parleyd.provision import CONFIG_FILE, read_config
from parleyd.serial_link import SerialFault, SerialLink

from .virtual_bench import (
    BIG_BYTES,
    ROOT,
    bare_board,
    board_config,
    order_keeper,
    wait_for_text,
)


@pytest.fixture
def board(tmp_path, image):
    """Folder of a powered board that runs nothing but its boot code."""
    folder = tmp_path / "board"
    with bare_board(folder, image):
        yield folder


@pytest.fixture
def link(board):
    with SerialLink(str(board / "serial")) as opened:
        yield opened


@contextmanager
def answering_port(answer):
    """A serial port behind which something answers each read with the same bytes (b"": with silence)."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)

    def serve():
        try:
            while os.read(master, 4096):
                os.write(master, answer)
        except OSError:
            pass  # the test is over

    thread = threading.Thread(target=serve)
    thread.start()
    yield name
    os.close(slave)  # all slaves closed: the server's read ends
    thread.join(5)
    os.close(master)


def test_the_board_says_who_it_is(link):
    identity = link.identify()
    assert identity.name == "micropython"
    assert identity.mpy == 6 | 3 << 8 | 2 << 10
    assert identity.heap_free > 4_000_000
    assert identity.inflates
    assert identity.chunk_bytes == 24576


def test_small_heaps_get_small_chunks(link):
    identity = dataclasses.replace(link.identify(), heap_free=200_000)
    assert identity.chunk_bytes == 5000
    assert dataclasses.replace(identity, heap_free=0).chunk_bytes == 512


def test_the_slow_way_for_uarts_works_too(link):
    link._paced = True
    assert link.execute(f"print(len({'x' * 3000!r}))") == "3000\n"
    assert link.execute("print(1)") == "1\n"


def test_names_last_from_one_command_to_the_next(link):
    link.execute("x = 6 * 7")
    assert link.execute("print(x)") == "42\n"


def test_an_exception_on_the_board_becomes_one_sentence(link):
    with pytest.raises(SerialFault, match=r"says: ValueError: too loud$") as caught:
        link.execute("raise ValueError('too loud')")
    assert caught.value.kind == "refused"
    assert link.execute("print('still there')") == "still there\n"


def test_a_fault_is_one_of_our_errors():
    assert issubclass(SerialFault, LocalError)


def test_no_such_port(tmp_path):
    with pytest.raises(SerialFault, match="there is no serial port") as caught:
        SerialLink(str(tmp_path / "nothing")).open()
    assert caught.value.kind == "missing"


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SerialFault, match="is not a serial port"):
        SerialLink(str(tmp_path / "file")).open()


def test_a_port_in_use_is_left_to_its_user(link, board):
    with pytest.raises(SerialFault, match=r"another program has .* open") as caught:
        SerialLink(str(board / "serial")).open()
    assert caught.value.kind == "busy"
    assert link.execute("print(1)") == "1\n"


def test_nobody_answers():
    with answering_port(b"") as port, pytest.raises(SerialFault, match="nothing answers") as caught:
        SerialLink(port, timeout_s=0.1).open()
    assert caught.value.kind == "silent"


def test_something_else_answers():
    with answering_port(b"login: ") as port, pytest.raises(SerialFault, match="no MicroPython") as caught:
        SerialLink(port, timeout_s=0.1).open()
    assert caught.value.kind == "foreign"


def test_the_port_is_free_after_a_failure():
    with answering_port(b"login: ") as port:
        for _ in range(2):
            with pytest.raises(SerialFault, match="no MicroPython"):
                SerialLink(port, timeout_s=0.1).open()


def test_the_board_dies_in_the_middle(link, board):
    killer = threading.Timer(0.05, order_keeper, (board, b'{"do": "stop"}\n'))
    killer.start()
    with pytest.raises(SerialFault, match="in the middle") as caught:
        link.execute("import time\ntime.sleep(60)")
    killer.join()
    assert caught.value.kind == "lost"


def test_a_closed_link_says_so(link):
    link.close()
    link.close()
    with pytest.raises(SerialFault, match="is not open"):
        link.execute("print(1)")


def test_an_empty_flash_gets_everything(link, board, image):
    done = deploy(link, image, {CONFIG_FILE: b"{}\n"})
    assert set(done.written) == {*image.files, CONFIG_FILE}
    assert (done.removed, done.unchanged, done.changed) == ((), 0, True)
    for path in image.files:
        assert (board / "flash" / path).read_bytes() == image.read(path), path
    assert image.files["parley/big.mpy"].size > BIG_BYTES


def test_a_second_deployment_writes_nothing(link, image):
    deploy(link, image, {CONFIG_FILE: b"{}\n"})
    seen = []
    done = deploy(link, image, {CONFIG_FILE: b"{}\n"}, seen.append)
    assert seen == []
    assert (done.written, done.removed, done.unchanged) == ((), (), len(image.files) + 1)
    assert not done.changed


def test_only_what_differs_is_written(link, board, image):
    deploy(link, image, {CONFIG_FILE: b"old\n"})
    (board / "flash" / "parley" / "greeting.mpy").write_bytes(b"rotten")
    (board / "flash" / "parley" / "app" / "__init__.mpy").unlink()
    seen = []
    done = deploy(link, image, {CONFIG_FILE: b"new\n"}, seen.append)
    assert done.written == (CONFIG_FILE, "parley/app/__init__.mpy", "parley/greeting.mpy")
    assert tuple(seen) == done.written
    assert (board / "flash" / CONFIG_FILE).read_bytes() == b"new\n"
    assert (board / "flash" / "parley" / "greeting.mpy").read_bytes() == image.read("parley/greeting.mpy")


def test_main_is_written_last(link, image):
    assert deploy(link, image, {CONFIG_FILE: b"{}\n"}).written[-1] == "main.py"


def test_foreign_files_under_parley_go_and_others_stay(link, board, image):
    flash = board / "flash"
    (flash / "parley" / "old" / "deep").mkdir(parents=True)
    (flash / "parley" / "old" / "deep" / "thing.mpy").write_bytes(b"x")
    (flash / "parley" / "greeting.py").write_text("WORDS = 'would be imported instead'\n")
    (flash / "notes.txt").write_text("the user's own")
    done = deploy(link, image, {})
    assert set(done.removed) == {
        "parley/old/deep/thing.mpy",
        "parley/old/deep",
        "parley/old",
        "parley/greeting.py",
    }
    assert not (flash / "parley" / "old").exists()
    assert (flash / "notes.txt").read_text() == "the user's own"
    assert set(listing(link, ["notes.txt", "absent"])) >= {"notes.txt", "parley", "parley/app"}


@pytest.mark.parametrize("inflates", [True, False])
@pytest.mark.parametrize("heap_free", [40 * 1000, 1 << 22])
def test_every_way_of_writing_gives_the_same_bytes(monkeypatch, link, board, image, inflates, heap_free):
    identity = dataclasses.replace(link.identify(), inflates=inflates, heap_free=heap_free)
    monkeypatch.setattr(link, "identify", lambda: identity)
    awkward = bytes(range(256)) * 40
    deploy(link, image, {"bytes.bin": awkward, "empty.bin": b""})
    assert (board / "flash" / "bytes.bin").read_bytes() == awkward
    assert (board / "flash" / "empty.bin").read_bytes() == b""
    assert (board / "flash" / "parley" / "big.mpy").read_bytes() == image.read("parley/big.mpy")


def test_native_code_for_another_machine_is_not_written(link, board, image):
    files = image.files | {"parley_native.mpy": image.files["main.py"]}
    other = dataclasses.replace(image, arch="armv7emsp", files=files)
    with pytest.raises(SerialFault, match="cannot load native code for armv7emsp") as caught:
        deploy(link, other, {})
    assert caught.value.kind == "unsuitable"
    assert not (board / "flash" / "main.py").exists()


def test_another_bytecode_format_is_refused(monkeypatch, link, image):
    old = dataclasses.replace(link.identify(), mpy=5, version="1.18.0")
    monkeypatch.setattr(link, "identify", lambda: old)
    with pytest.raises(SerialFault, match=r"MicroPython 1\.18\.0 .* flash MicroPython 1\.23 or later"):
        deploy(link, image, {})


def test_a_reset_runs_what_was_deployed(link, board, image):
    deploy(link, image, {CONFIG_FILE: board_config().to_bytes()})
    link.reset()
    wait_for_text(board / "console.log", "bench firmware up on bench-1")


def run_flash_tool(*arguments):
    command = [sys.executable, str(ROOT / "tools" / "flash.py"), "--board", "virtual", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_flash_tool_deploys_configures_and_resets(board, image, tmp_path):
    config = tmp_path / "config.json"
    config.write_bytes(board_config(3).to_bytes())
    images = image.folder.parent
    done = run_flash_tool("--port", board / "serial", "--images", images, "--config", config)
    assert done.returncode == 0, done.stderr
    assert f"{len(image.files) + 1} written, 0 removed, 0 unchanged, board reset" in done.stdout
    wait_for_text(board / "console.log", "bench firmware up on bench-3")
    again = run_flash_tool("--port", board / "serial", "--images", images)
    assert f"0 written, 0 removed, {len(image.files)} unchanged, board reset" in again.stdout


def test_the_flash_tool_fails_in_one_line(tmp_path, image):
    done = run_flash_tool("--port", tmp_path / "nothing", "--images", image.folder.parent)
    assert done.returncode == 1
    assert done.stderr == f"flash: there is no serial port {tmp_path / 'nothing'}\n"


def test_a_configuration_file_comes_back_as_it_was(tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(board_config(2).to_bytes())
    assert read_config(path) == board_config(2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting property name"),
        ("{}", "'server'"),
        ('{"server": ["h", 1], "bord": 1}', "unexpected keyword argument 'bord'"),
        ('{"server": "nowhere"}', "too many values"),
    ],
)
def test_a_bad_configuration_file_is_refused(tmp_path, text, message):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(LocalError, match=message):
        read_config(path)


@pytest.mark.parametrize(
    "changes", [{"key": "ab"}, {"key": "G" * 64}, {"board_id": "../x"}, {"board_id": ""}]
)
def test_a_bad_configuration_is_not_made(changes):
    with pytest.raises(LocalError):
        board_config(**changes)
