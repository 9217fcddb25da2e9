"""Every write of the documents register, a file a subject."""
