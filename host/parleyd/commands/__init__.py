"""The groups of `parley`'s command line; cli.py joins them."""
