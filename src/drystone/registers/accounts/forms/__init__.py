"""Forms of the accounts register, a file a subject."""
