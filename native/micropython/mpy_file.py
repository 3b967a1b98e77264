"""Turns a linked ELF image into a native .mpy file, format 6.3 (MicroPython 1.23 to 1.29).

The image comes from `ld -shared -Bsymbolic` with image.ld: one section at address 0 that holds code,
constants, data and zeroed data. Its dynamic relocations say which words need a base added when the firmware
loads it; a .mpy says the same in its own relocation stream. All code must be position independent: only
whole words can be adjusted.
"""

import io

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

VERSION, SUB_VERSION, SMALL_INT_BITS = 6, 3, 31
KIND_VIPER = 2  # machine code with the C calling convention
HAS_RELOCATIONS = 0x10
END_OF_RELOCATIONS = 0xFF

# bases a relocation can add (their number in the stream)
BASE_TEXT, BASE_QSTR_TABLE, BASE_OBJ_TABLE, BASE_FUN_TABLE, BASE_FUN_TABLE_VALUE = 0, 6, 7, 8, 9
FUN_TABLE_INDEX = {"memset": 50, "memcpy": 51, "memmove": 51, "realloc": 52, "mp_type_fun_builtin_var": 81}
FUN_TABLE_INDEX.update({f"mp_type_fun_builtin_{arity}": 77 + arity for arity in range(4)})
BASES = {
    "mp_native_qstr_table": BASE_QSTR_TABLE,
    "mp_native_obj_table": BASE_OBJ_TABLE,
    "mp_fun_table": BASE_FUN_TABLE,
    **{name: BASE_FUN_TABLE_VALUE + index for name, index in FUN_TABLE_INDEX.items()},
}


class ConversionError(Exception):
    """The image cannot become a .mpy; the text says why in one line."""


class Target:
    """An architecture of the format; code is its number there.

    relative, symbolic, slots: the ELF relocation types that mean this.
    """

    def __init__(self, code, machine, word_bytes, relative, symbolic, slots):
        self.code = code
        self.machine = machine
        self.word_bytes = word_bytes
        self.relative = relative  # word += image base
        self.symbolic = symbolic  # word += symbol
        self.slots = slots  # word = symbol, what stands there is the linker's own


_ARM = ("EM_ARM", 4, {23}, {2, 21}, {22})  # RELATIVE; ABS32, GLOB_DAT; JUMP_SLOT
TARGETS = {
    "x64": Target(2, "EM_X86_64", 8, {8}, {1, 6}, {7}),  # RELATIVE; 64, GLOB_DAT; JUMP_SLOT
    "armv7emsp": Target(7, *_ARM),
    "armv7emdp": Target(8, *_ARM),
}


def vuint(value):
    """Returns an unsigned integer as the format writes it: 7 bits an octet, most significant first."""
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.insert(0, 0x80 | value & 0x7F)
    return bytes(octets)


def qstr(name):
    """Returns an interned string: a text, or the number of one that every firmware knows."""
    if isinstance(name, int):
        return vuint(name << 1 | 1)
    octets = name.encode()
    return vuint(len(octets) << 1) + octets + b"\0"


def _check_sections(elf, target):
    if elf["e_machine"] != target.machine:
        raise ConversionError(f"image is for {elf['e_machine']}, not {target.machine}")
    for section in elf.iter_sections():
        if section["sh_flags"] & SH_FLAGS.SHF_TLS and section["sh_size"]:
            raise ConversionError("thread-local storage is not possible in a native module")
    constructors = elf.get_section_by_name(".init_array")
    if constructors and constructors["sh_size"]:
        raise ConversionError("constructors are not run in a native module")


def _image(elf):
    """Returns the image as a bytearray; it must begin with the entry."""
    section = elf.get_section_by_name(".image")
    symbols = elf.get_section_by_name(".symtab")
    entries = symbols.get_symbol_by_name("mpy_init") if symbols else None
    if section is None or not entries:
        raise ConversionError("no entry: mpy_init is missing")
    if section["sh_addr"] != 0 or entries[0]["st_value"] & ~1 != 0:  # bit 0 marks Thumb code
        raise ConversionError("the entry mpy_init is not at the beginning of the image")
    return bytearray(section.data())


def _symbol_base(symbol):
    """Returns (base, value to add to it) of a symbol."""
    if symbol["st_shndx"] != "SHN_UNDEF":
        return BASE_TEXT, symbol["st_value"]
    if symbol.name not in BASES:
        raise ConversionError(f"undefined symbol {symbol.name}: not among what a firmware offers")
    return BASES[symbol.name], 0


def _place(image, section, entry, symbols, target):
    """Writes the addend of one relocation into the image; returns (offset, base)."""
    offset, kind = entry["r_offset"], entry["r_info_type"]
    if offset % target.word_bytes or offset + target.word_bytes > len(image):
        raise ConversionError(f"relocation at {offset:#x} is not on a whole word of the image")
    word = slice(offset, offset + target.word_bytes)
    addend = entry["r_addend"] if section.is_RELA() else int.from_bytes(image[word], "little")
    if kind in target.relative:
        base, value = BASE_TEXT, 0
    elif kind in target.symbolic | target.slots:
        base, value = _symbol_base(symbols.get_symbol(entry["r_info_sym"]))
        addend = 0 if kind in target.slots else addend
    else:
        raise ConversionError(f"relocation type {kind} at {offset:#x} cannot be expressed")
    mask = (1 << 8 * target.word_bytes) - 1
    image[word] = ((value + addend) & mask).to_bytes(target.word_bytes, "little")
    return offset, base


def _relocations(elf, image, target):
    """Returns {offset: base}; the image gets its addends."""
    placed = {}
    for section in elf.iter_sections():
        if not isinstance(section, RelocationSection):
            continue
        symbols = elf.get_section(section["sh_link"])
        for entry in section.iter_relocations():
            offset, base = _place(image, section, entry, symbols, target)
            if offset in placed:
                raise ConversionError(f"two relocations at {offset:#x}")
            placed[offset] = base
    return placed


def convert(elf_octets, arch, names, file_name):
    """Returns the .mpy file of a linked image.

    elf_octets: what the linker wrote; arch: a key of TARGETS; names: the module's interned strings in the
    order of its table after entry 0, which is file_name. Raises ConversionError.
    """
    target = TARGETS[arch]
    try:
        elf = ELFFile(io.BytesIO(elf_octets))
        _check_sections(elf, target)
        image = _image(elf)
        relocations = _relocations(elf, image, target)
    except ELFError as fault:
        raise ConversionError(f"not an ELF file: {fault}") from fault
    strings = [qstr(name) for name in (file_name, *names)]
    stream = b"".join(
        bytes([base << 1 | 1]) + vuint(offset // target.word_bytes << 1)
        for offset, base in sorted(relocations.items())
    )
    return b"".join(
        (
            bytes([ord("M"), VERSION, target.code << 2 | SUB_VERSION, SMALL_INT_BITS]),
            vuint(len(strings)) + vuint(0),  # no constant objects
            *strings,
            vuint(len(image) << 3 | KIND_VIPER),
            image,
            vuint(HAS_RELOCATIONS) + stream + bytes([END_OF_RELOCATIONS]),
        )
    )
