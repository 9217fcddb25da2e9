"""What the documents register does when another tells of a change."""
