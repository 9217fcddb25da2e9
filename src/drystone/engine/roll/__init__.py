"""The roll as files bring it: readers of what a school's database exports, and how names are compared."""
