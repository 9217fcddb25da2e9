"""Pages about ways in, a file a subject."""
