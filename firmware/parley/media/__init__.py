"""Legs, conferences and the kernels under them: samples, no sockets."""
