"""Parley: an ad hoc conference bridge made of small boards."""

__version__ = "0.1.0"
