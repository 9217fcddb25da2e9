"""Drystone: a school's e-safety policy as a running system."""
