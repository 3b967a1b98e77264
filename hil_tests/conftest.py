"""Makes the bench's fixtures, hooks and options known to pytest (plugin.py has them)."""

from hil_tests.plugin import (
    artifacts,
    bench,
    capture_of,
    crowd_of,
    figures,
    hil_folder,
    own_bench,
    phone_of,
    ports,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_runtest_setup,
    pytest_terminal_summary,
)

__all__ = [
    "artifacts",
    "bench",
    "capture_of",
    "crowd_of",
    "figures",
    "hil_folder",
    "own_bench",
    "phone_of",
    "ports",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
]
