"""What people say about the roll, checked."""
