"""Hardware-in-the-loop tests: the judge, sharing no code with what it judges."""
