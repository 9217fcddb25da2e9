"""Ways in: invitations, two-step sign-in, locks, and the accounts that a person holds."""
