"""The converter: what a module may contain works in the real interpreter, what it may not is refused."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MICROPYTHON = HERE.parent / "micropython"
MODULES = HERE / "modules"
ENTRY = '#include "mpy_abi.h"\nMPY_ENTRY_POINT mpy_obj mpy_init(const mpy_self *self) '
MACHINES = {"x64": (2, 8), "armv7emsp": (7, 4), "armv7emdp": (8, 4)}  # code in the format, octets a word

CALLS = """
import features as f
print(f.zeroed(), f.zeroed(), f.data(), f.data())
print([f.table(i) for i in range(8)], [f.choose(i) for i in range(8)])
print([f.word(i) for i in range(3)], f.apply(0, 7), f.apply(1, 7))
print(f.divide(7), f.real(7))
b = bytearray(6)
f.fill(b)
print(b)
for arguments in ((1,), (1, 2), (1, 2, 3)):
    try:
        f.fail(*arguments)
    except Exception as e:
        print(type(e).__name__, e)
"""
ANSWERS = f"""1 2 1001 1002
[0, 1, 4, 9, 16, 25, 36, 49] [31, 42, 55, 26, 48, 6, 1, -1]
['zero', 'one', 'two'] -7 14
{123456789012345678 // 7 % 1000000} 35
bytearray(b'twoxxx')
ValueError one
ValueError two
TypeError function expected at most 2 arguments, got 3
"""


def load(name):
    spec = importlib.util.spec_from_file_location(name, MICROPYTHON / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool():
    """The modules mpy_file and build, as one finds the other when build.py is run."""
    pytest.importorskip("elftools")
    yield load("mpy_file"), load("build")
    del sys.modules["mpy_file"], sys.modules["build"]


@pytest.fixture
def linked(tool, tmp_path):
    """Links a module: linked(arch, source text or path) -> ELF octets."""

    def link(arch, source):
        if shutil.which("arm-none-eabi-gcc" if arch.startswith("armv") else "gcc") is None:
            pytest.skip(f"no compiler for {arch}")
        if isinstance(source, str):
            (tmp_path / "source.c").write_text(source)
            source = tmp_path / "source.c"
        return tool[1].link(arch, [source], (MODULES,), tmp_path).read_bytes()

    return link


def parse(octets, word_octets):
    """Returns (strings, text, relocations {offset: base}) of a native .mpy, by the format's description."""
    at = 4

    def vuint():
        value = 0
        while (octet := take(1)[0]) >= 0x80:
            value = value << 7 | octet & 0x7F
        return value << 7 | octet

    def take(count):
        nonlocal at
        at += count
        return octets[at - count : at]

    count, objects, strings = vuint(), vuint(), []
    for _ in range(count):
        length = vuint()
        strings.append(length >> 1 if length & 1 else take((length >> 1) + 1)[:-1].decode())
    kind = vuint()
    text = take(kind >> 3)
    assert (objects, kind & 7, vuint()) == (0, 2, 0x10)
    relocations = {}
    while (operation := take(1)[0]) != 0xFF:
        assert operation & 1
        relocations[(vuint() >> 1) * word_octets] = operation >> 1
    assert at == len(octets)
    return strings, text, relocations


@pytest.mark.parametrize("source", ["features.c", "padded.c"])
def test_everything_a_module_may_contain_works(tool, linked, micropython, tmp_path, source):
    image = linked("x64", MODULES / source)
    octets = tool[0].convert(image, "x64", tool[1].exported_names(MODULES / "features.h"), "features.mpy")
    (tmp_path / "features.mpy").write_bytes(octets)
    assert micropython([tmp_path], "-c", CALLS) == (0, ANSWERS)
    _, text, relocations = parse(octets, 8)
    assert (max(relocations) // 8 > 8191) == (source == "padded.c")  # needs three octets
    assert len(text) % 8 == 0


@pytest.mark.parametrize("arch", MACHINES)
@pytest.mark.parametrize("source", ["features.c", "padded.c"])
def test_file_says_what_the_format_asks(tool, linked, arch, source):
    names = tool[1].exported_names(MODULES / "features.h")
    octets = tool[0].convert(linked(arch, MODULES / source), arch, names, "features.mpy")
    code, word_octets = MACHINES[arch]
    assert octets[:4] == bytes([0x4D, 6, code << 2 | 3, 31])
    strings, text, relocations = parse(octets, word_octets)
    assert strings == ["features.mpy", "ValueError", *names[1:]]
    assert all(offset + word_octets <= len(text) for offset in relocations)
    bases = set(relocations.values())
    assert {0, 6, 8, 9 + 77, 9 + 78, 9 + 79, 9 + 81} <= bases
    assert bases <= {0, 6, 8, 9 + 50, 9 + 51, *range(9 + 77, 9 + 82)}
    pointers = [
        int.from_bytes(text[at : at + word_octets], "little") for at, base in relocations.items() if not base
    ]
    assert all(pointer < len(text) for pointer in pointers)
    assert sum(text[at : at + 4] in (b"zero", b"one\0", b"two\0") for at in pointers) >= 3


def test_names_can_be_strings_the_firmware_knows(tool, linked, micropython, tmp_path):
    body = ENTRY + (
        "{\n void *before = mpy_swap_globals(self->context->module.globals);\n"
        " mpy_store_global(mp_native_qstr_table[1], (const void *)mpy_small_int(11));\n"
        " mpy_store_global(mp_native_qstr_table[2], (const void *)mpy_small_int(22));\n"
        " mpy_store_global(mp_native_qstr_table[3], (const void *)mpy_small_int(33));\n"
        " mpy_swap_globals(before);\n return mpy_none();\n}\n"
    )
    octets = tool[0].convert(linked("x64", body), "x64", [107, "zip", "n" * 200], "names.mpy")
    (tmp_path / "names.mpy").write_bytes(octets)
    calls = "import names; print(names.len, names.zip, getattr(names, 'n' * 200))"
    assert micropython([tmp_path], "-c", calls) == (0, "11 22 33\n")


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8100"),
        (16383, "ff7f"),
        (16384, "818000"),
        (2097151, "ffff7f"),
        (2**28, "8180808000"),
    ],
)
def test_vuint_puts_the_most_significant_group_first(tool, value, octets):
    assert tool[0].vuint(value).hex() == octets


TRIVIAL = "{ (void)self; return mpy_none(); }\n"
REFUSED = {
    "undefined symbol printf": "extern int printf(const char *, ...);\n"
    + ENTRY
    + '{ (void)self; printf("x"); return mpy_none(); }',
    "undefined symbol errno_value": "extern int errno_value;\n"
    + ENTRY
    + "{ (void)self; return (mpy_obj)errno_value; }",
    "thread-local": "static __thread int own;\n" + ENTRY + "{ return (mpy_obj)self + (mpy_obj)++own; }",
    "constructors": "static int set;\n__attribute__((constructor)) static void early(void) { set = 1; }\n"
    + ENTRY
    + "{ return (mpy_obj)self + (mpy_obj)set; }",
    "not on a whole word": "static struct __attribute__((packed)) { char c; const char *p; } odd = "
    '{1, "x"};\n' + ENTRY + "{ odd.c++; return (mpy_obj)self + (mpy_obj)odd.p; }",
    "mpy_init is missing": "int other(void);\nint other(void) { return 1; }\n",
    "not at the beginning": '#include "mpy_abi.h"\n'
    '__attribute__((visibility("default"))) mpy_obj mpy_init(void);\n'
    'static __attribute__((used, section(".text.mpy_init"))) int first(void) { return 1; }\n'
    "mpy_obj mpy_init(void) { return mpy_none(); }\n",
}


@pytest.mark.parametrize("arch", ["x64", "armv7emdp"])
@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_loaded_is_refused(tool, linked, arch, reason):
    with pytest.raises((tool[0].ConversionError, tool[1].BuildError), match=reason):
        tool[0].convert(linked(arch, REFUSED[reason]), arch, [], "x.mpy")


def test_relocation_the_format_cannot_express_is_refused(tool, linked):
    body = (
        "static int one(void) { return 1; }\nstatic int (*pick(void))(void) { return one; }\n"
        'int both(void) __attribute__((ifunc("pick")));\n' + ENTRY + "{ (void)self; return (mpy_obj)both(); }"
    )
    with pytest.raises(tool[0].ConversionError, match="relocation type"):
        tool[0].convert(linked("x64", body), "x64", [], "x.mpy")


def test_image_of_another_machine_is_refused(tool, linked):
    image = linked("x64", ENTRY + TRIVIAL)
    with pytest.raises(tool[0].ConversionError, match="EM_X86_64"):
        tool[0].convert(image, "armv7emsp", [], "x.mpy")
    with pytest.raises(tool[0].ConversionError, match="not an ELF file"):
        tool[0].convert(b"MZ not at all", "x64", [], "x.mpy")
