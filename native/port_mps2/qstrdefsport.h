// No names beside those found in the sources.
