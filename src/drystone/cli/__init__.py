"""The drystone command."""
