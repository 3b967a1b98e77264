"""Values to calls: transactions, dialogs, calls, REFER; sans-I/O, endpoint.py is the door."""
