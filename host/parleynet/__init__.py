"""SIP on the network of a host: the streams that the daemon and the user equipment have in common."""
