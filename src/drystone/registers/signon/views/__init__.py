"""Pages of sign-on, a file a subject."""
