"""What head, governors and inspectors look at."""
