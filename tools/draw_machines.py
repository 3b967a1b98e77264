#!/usr/bin/env python3
"""Draw the state machines of the code into docs/machines.md, from the very tables that run."""

import argparse
import sys
from pathlib import Path

from parley.call.call_table import CALL
from parley.call.forward_table import FORWARD
from parley.call.notifier_table import NOTIFIER
from parley.call.session_table import SESSION
from parley.call.subscriber_table import SUBSCRIBER
from parley.call.transaction_tables import MACHINES
from parleyd.lease import LEASE_TABLE
from parleyue.flow_table import FLOW

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "machines.md"
HEAD = """# State machines

Drawn by `tools/draw_machines.py` from the tables in the code; `make lint` fails when it is stale.
A label is `event / actions`. Pairs that are ignored on purpose are beside each table, not here.
"""


def words(value: object) -> str:
    """Return a state, an event or some actions as plain words."""
    if isinstance(value, list | tuple):
        return ", ".join(words(part) for part in value)
    return str(getattr(value, "value", value)).replace(":", " ")


def diagram(table: object) -> str:
    """Return a Mermaid state diagram of `table`, a mapping (state, event) -> (new state, actions)."""
    merged: dict[tuple[str, str], list[str]] = {}
    for (state, event), (after, actions) in table.items():  # type: ignore[attr-defined]
        label = f"{words(event)} / {words(actions)}" if actions else words(event)
        merged.setdefault((words(state), words(after)), []).append(label)
    lines = ["```mermaid", "stateDiagram-v2"]
    states = dict.fromkeys(name for pair in merged for name in pair)
    names = {name: f"s{index}" for index, name in enumerate(states)}
    lines += [f'  state "{name}" as {identity}' for name, identity in names.items()]
    for (state, after), labels in merged.items():
        lines.append(f"  {names[state]} --> {names[after]} : {'<br>'.join(labels)}")
    return "\n".join([*lines, "```"])


def page() -> str:
    """Return the whole page."""
    sections = [(f"Transaction: {name}", table) for name, (table, _) in MACHINES.items()]
    sections += [
        ("Call", CALL),
        ("INVITE passed on", FORWARD),
        ("Subscription: notifier", NOTIFIER),
        ("Subscription: subscriber", SUBSCRIBER),
    ]
    sections += [
        ("Session timer of a call", SESSION),
        ("Lease of a slot", LEASE_TABLE),
        ("The initiator's phone", FLOW),
    ]
    return HEAD + "".join(f"\n## {title}\n\n{diagram(table)}\n" for title, table in sections)


def main() -> int:
    """Write the page, or with --check compare it; exit code 1 when it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    arguments = parser.parse_args()
    text = page()
    if not arguments.check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale: run python tools/draw_machines.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
