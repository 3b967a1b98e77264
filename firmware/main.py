"""What a board runs after its boot: the conference bridge."""

from parley.app import board

board.run()
