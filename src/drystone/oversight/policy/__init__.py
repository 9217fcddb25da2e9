"""The policy: promises, their controls, findings and the board."""
