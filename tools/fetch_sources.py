#!/usr/bin/env python3
"""Fetches the sources of MicroPython and lwIP, as Debian 13 has them, for the boards of Arm.

    tools/fetch_sources.py [--output build/sources]

Debian's own archive is asked, wherever this system's apt has it from: a private apt state under the output
folder is derived from the system's sources, of which nothing is changed. apt checks what it fetches against
the archive's signature. The result is OUTPUT/micropython with OUTPUT/lwip linked into its lib folder.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "build" / "sources"
SUITE = "trixie"  # Debian 13
WANTED = {"micropython": "1.25.", "lwip": "2.2.1"}  # package: how its version begins
TOOLS = {"apt-get": "apt", "dpkg-source": "dpkg-dev", "xz": "xz-utils"}  # program: its Debian package

KEPT_OPTIONS = ("signed-by", "trusted", "check-valid-until")


class FetchError(Exception):
    """One sentence that says what is missing or wrong."""


@dataclass(frozen=True)
class Entry:
    """One source of the system's apt: types, URIs, suites, components, and the options that go with them."""

    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def read_deb822(text: str) -> Iterator[Entry]:
    """Entries of a *.sources file (sources.list(5), DEB822-STYLE FORMAT)."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in "\n".join(lines).split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1] in (" ", "\t"):
                fields[name] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        kept = tuple(
            (key, fields[key]) for key in ("signed-by", "trusted", "check-valid-until") if key in fields
        )
        row = [tuple(fields.get(key, "").split()) for key in ("types", "uris", "suites", "components")]
        if all(row[:3]):
            yield Entry(row[0], row[1], row[2], row[3], kept)


def read_one_line(text: str) -> Iterator[Entry]:
    """Entries of a *.list file (sources.list(5), ONE-LINE-STYLE FORMAT)."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] not in ("deb", "deb-src"):
            continue
        kind, rest, options = words[0], words[1:], ""
        if rest and rest[0].startswith("["):
            options, _, tail = " ".join(rest)[1:].partition("]")
            rest = tail.split()
        pairs = (option.partition("=") for option in options.split())
        kept = tuple((key, value) for key, _, value in pairs if key in KEPT_OPTIONS)
        if len(rest) >= 2:
            yield Entry((kind,), (rest[0],), (rest[1],), tuple(rest[2:]), kept)


def system_entries(folder: Path) -> list[Entry]:
    """What the system's apt is told to ask. folder: /etc/apt."""
    entries: list[Entry] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        entries += read_deb822(text) if path.suffix == ".sources" else read_one_line(text)
    return entries


def archive_entry(entries: list[Entry], codename: str) -> Entry:
    """The entry that stands for Debian's main archive; FetchError when the system has none.

    codename: the system's own suite; its main component comes from nowhere else.
    """
    names = (codename, SUITE, "stable", "testing", "unstable", "sid")
    for name in names:
        for entry in entries:
            if name and name in entry.suites and "main" in entry.components:
                return entry
    raise FetchError(
        "apt on this system has no entry for Debian's main archive; add one to /etc/apt/sources.list.d"
    )


def stanza_of(entry: Entry) -> str:
    """The entry as a source of Debian 13's source packages."""
    rows = [("Types", "deb-src"), ("URIs", " ".join(entry.uris)), ("Suites", SUITE), ("Components", "main")]
    rows += entry.options
    return "".join(f"{name}: {value}\n" for name, value in rows)


def apt(state: Path, arguments: list[str], folder: Path) -> str:
    """Runs apt-get on the private state; returns what it printed, FetchError with its last words."""
    options = {
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": state / "sources.list.d",
        "APT::Sandbox::User": "",  # the folder need not be open to another user
        "Debug::NoLocking": "1",
    }
    command = ["apt-get", *(f"-o{name}={value}" for name, value in options.items()), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or "\nErr:" in "\n" + done.stdout:
        words = [line for line in (done.stdout + done.stderr).splitlines() if line[:2] in ("E:", "W:", "Er")]
        raise FetchError(f"apt-get {arguments[0]} failed: {words[-1] if words else 'without a reason'}")
    return done.stdout


def download(folder: Path) -> list[Path]:
    """Fetches the source packages into an empty folder; returns their .dsc files, micropython's first."""
    release = Path("/etc/os-release").read_text(encoding="utf-8") if Path("/etc/os-release").is_file() else ""
    facts = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    entry = archive_entry(system_entries(Path("/etc/apt")), facts.get("VERSION_CODENAME", "").strip('"'))
    state = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "sources.list.d"):
        (state / name).mkdir(parents=True)
    (state / "sources.list.d" / "sources.sources").write_text(stanza_of(entry), encoding="utf-8")
    apt(state, ["update", "-q"], folder)
    apt(state, ["source", "-q", "--download-only", "--only-source", *WANTED], folder)
    found: list[Path] = []
    for package, version in WANTED.items():
        paths = sorted(folder.glob(f"{package}_{version}*.dsc"))
        if not paths:
            raise FetchError(f"Debian's {SUITE} does not have {package} {version} any more")
        found.append(paths[-1])
    return found


def unpack(package: Path, target: Path) -> None:
    """Unpacks a source package with Debian's patches applied. apt has checked its hashes."""
    command = ["dpkg-source", "--no-check", "--no-copy", "-q", "-x", package.name, str(target)]
    done = subprocess.run(command, cwd=package.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise FetchError(f"{package.name} cannot be unpacked: {words[-1] if words else 'without a reason'}")


def fetch(output: Path) -> bool:
    """Makes output/micropython and output/lwip; False when they were there already. Raises FetchError."""
    note = output / "versions.txt"
    if note.is_file() and (output / "micropython" / "lib" / "lwip" / "src").is_dir():
        return False
    missing = sorted(package for program, package in TOOLS.items() if shutil.which(program) is None)
    if missing:
        raise FetchError(f"to fetch and unpack sources, install: apt-get install {' '.join(missing)}")
    scratch = output.with_name(output.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    packages = download(scratch)
    for package, name in zip(packages, WANTED, strict=True):
        unpack(package, scratch / name)
    link = scratch / "micropython" / "lib" / "lwip"
    shutil.rmtree(link, ignore_errors=True)
    link.symlink_to(os.path.join("..", "..", "lwip"))
    shutil.rmtree(scratch / "apt")
    (scratch / note.name).write_text("".join(f"{path.stem}\n" for path in packages), encoding="utf-8")
    shutil.rmtree(output, ignore_errors=True)
    scratch.rename(output)
    return True


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=SOURCES, help="folder to fill (build/sources)")
    output: Path = parser.parse_args().output.resolve()
    try:
        fresh = fetch(output)
    except (FetchError, OSError) as error:
        print(f"fetch_sources: {error}", file=sys.stderr)
        return 1
    versions = (output / "versions.txt").read_text(encoding="utf-8").split()
    print(f"{'fetched' if fresh else 'here already'}: {', '.join(versions)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
