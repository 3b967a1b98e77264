"""The board: the only rooms of the firmware with clocks, sockets and a console."""
