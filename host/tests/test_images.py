"""Board data, and images as tools/build.py makes them."""

import subprocess
import sys

import pytest

from parleyd.images import ARCH_CODES, ImageError, image_names, load_board, load_image, loads_arch

from .virtual_bench import ROOT, load_tool, small_firmware

BOARDS = sorted((ROOT / "boards").glob("*/board.toml"))
build_tool = load_tool("build")


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    return small_firmware(tmp_path_factory.mktemp("firmware"))


def build(output, firmware):
    build_tool.build("virtual", output, firmware, native=False)
    return load_image("virtual", output)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.parent.name)
def test_every_board_file_is_complete(path):
    board = load_board(path)
    assert board.name == path.parent.name
    assert board.tested
    assert board.legs >= 2
    assert 128 <= board.heap_kb <= 65536
    assert board.slots <= board.legs
    assert all(len(usb_id) == 9 and usb_id[4] == ":" for usb_id in board.usb_ids)
    if board.flash_command:
        assert "{firmware}" in board.flash_command


def test_boards_nobody_has_tried_say_so():
    assert load_board(ROOT / "boards" / "nucleo-h743zi2" / "board.toml").tested == "not tested on silicon"
    assert load_board(ROOT / "boards" / "nucleo-h563zi" / "board.toml").tested == "not tested on silicon"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nlegs = 64", "", "field 'legs' is missing"),
        ('arch = "x64"', 'arch = "z80"', "no architecture 'z80'"),
        ("heap_kb = 8192", 'heap_kb = "much"', "invalid literal"),
        ("[serial]", "[", "board.toml"),
    ],
)
def test_a_bad_board_file_is_refused_by_name(tmp_path, old, new, message):
    text = (ROOT / "boards" / "virtual" / "board.toml").read_text()
    assert old in text
    (tmp_path / "board.toml").write_text(text.replace(old, new))
    with pytest.raises(ImageError, match=message):
        load_board(tmp_path / "board.toml")


def test_an_image_holds_what_its_manifest_says(tmp_path, firmware):
    image = build(tmp_path, firmware)
    assert image.firmware == "9.9.9"
    assert set(image.files) == {
        "main.py",
        "parley/__init__.mpy",
        "parley/app/__init__.mpy",
        "parley/app/raw_repl.mpy",
        "parley/big.mpy",
        "parley/greeting.mpy",
        "parley/image_id",
    }
    for path, entry in image.files.items():
        assert len(image.read(path)) == entry.size
    assert image.rom == tmp_path / "virtual" / "rom" / "rom.py"
    assert (tmp_path / "virtual" / "rom" / "raw_repl.py").is_file()
    assert image_names(tmp_path) == ["virtual"]


def test_the_same_sources_give_the_same_image_wherever_they_lie(tmp_path, firmware):
    build(tmp_path / "one", firmware)
    other = small_firmware(tmp_path / "elsewhere")
    build(tmp_path / "two", other)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_tracebacks_name_files_as_in_the_repository(tmp_path, firmware):
    code = build(tmp_path, firmware).read("parley/greeting.mpy")
    assert b"parley/greeting.py" in code
    assert str(tmp_path).encode() not in code


def test_another_source_gives_another_digest(tmp_path, firmware):
    first = build(tmp_path, firmware)
    other = small_firmware(tmp_path / "elsewhere")
    (other / "parley" / "greeting.py").write_text('WORDS = "other"\n')
    assert build(tmp_path, other).digest != first.digest


def test_a_damaged_image_is_noticed(tmp_path, firmware):
    image = build(tmp_path, firmware)
    (image.folder / "flash" / "main.py").write_text("pass\n")
    with pytest.raises(ImageError, match=r"main\.py is not what the manifest says"):
        image.read("main.py")
    (image.folder / "flash" / "main.py").unlink()
    with pytest.raises(ImageError, match=r"cannot read main\.py"):
        image.read("main.py")
    (image.folder / "manifest.json").write_text("{}")
    with pytest.raises(ImageError, match="damaged"):
        load_image("virtual", tmp_path)


def test_a_missing_image_says_how_to_build_it(tmp_path):
    with pytest.raises(ImageError, match=r"tools/build\.py --board virtual"):
        load_image("virtual", tmp_path)


def test_a_failed_build_keeps_the_old_image(tmp_path, firmware):
    image = build(tmp_path, firmware)
    broken = small_firmware(tmp_path / "broken")
    (broken / "parley" / "greeting.py").write_text("def (:\n")
    with pytest.raises(build_tool.BuildError, match=r"parley/greeting\.py"):
        build(tmp_path, broken)
    assert load_image("virtual", tmp_path).digest == image.digest
    assert [path.name for path in tmp_path.glob(".virtual-*")] == []


def test_build_errors_are_one_sentence(tmp_path, firmware):
    with pytest.raises(build_tool.BuildError, match=r"no board 'toaster'; there are: .*nucleo-h563zi"):
        build_tool.build("toaster", tmp_path, firmware, native=False)
    (firmware / "main.py").rename(firmware / "main.gone")
    try:
        with pytest.raises(build_tool.BuildError, match=r"main\.py is missing"):
            build(tmp_path, firmware)
    finally:
        (firmware / "main.gone").rename(firmware / "main.py")


@pytest.mark.parametrize("tool", ["build", "flash"])
def test_tools_explain_themselves(tool):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / f"{tool}.py"), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "--board" in done.stdout


def mpy_word(arch):
    return 6 | 3 << 8 | ARCH_CODES[arch] << 10


@pytest.mark.parametrize(
    ("image", "board", "loads"),
    [
        ("x64", "x64", True),
        ("x64", "armv7emdp", False),
        ("armv7emsp", "x64", False),
        ("armv7emsp", "armv7emsp", True),
        ("armv7emsp", "armv7emdp", True),
        ("armv7emdp", "armv7emsp", False),
        ("armv6m", "armv7emsp", True),
        ("armv7emsp", "rv32imc", False),
    ],
)
def test_native_code_loads_where_micropython_says(image, board, loads):
    assert loads_arch(image, mpy_word(board)) is loads
