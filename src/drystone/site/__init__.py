"""Settings, URLs, layout, the set-up wizard and each role's home page."""
