"""Lets the tests import what stands beside them; tools/run_tests.py does the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
