"""Every write of the register: asking, deciding, ending."""
