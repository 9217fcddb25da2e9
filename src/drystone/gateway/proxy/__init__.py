"""Our own forward proxy, for one box and for trying out."""
