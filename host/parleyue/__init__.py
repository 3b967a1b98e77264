"""The user equipment of Parley: asks for a conference and brings others in."""
