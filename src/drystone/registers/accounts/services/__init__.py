"""Every write of the accounts register, a file a subject."""
