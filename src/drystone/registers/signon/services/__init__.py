"""Every write of the register; a file a way of knowing who it is."""
