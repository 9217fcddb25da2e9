"""The set-up wizard: from an empty house to a filter that works."""
