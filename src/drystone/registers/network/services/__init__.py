"""Every write of the network register, a file a subject."""
