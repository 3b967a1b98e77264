"""Measurements of a Parley on this machine: what `parley bench` runs.

Each bench module has `run(options..., say) -> document` (figures as a mapping, ready for JSON; `say` is told what is
under way) and `tables(document)`. The load generators are C programs in `c/`, compiled at the start of a run.
"""
