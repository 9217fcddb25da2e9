"""What the monitoring register writes: who looked at whom."""
