"""The roll as it comes from the school's own database: imports, the new school year, and undoing either."""
