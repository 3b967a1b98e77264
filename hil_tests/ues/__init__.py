"""Drivers for real user equipment, one per kind."""
