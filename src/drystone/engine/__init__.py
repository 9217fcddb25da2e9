"""Floor 0: pure. No Django, no network, no clock of its own."""
