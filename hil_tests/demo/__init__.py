"""The demonstration behind `make run`: three real phones hold an ad hoc conference on a board."""
