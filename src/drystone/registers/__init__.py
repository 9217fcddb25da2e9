"""Django apps: what the school keeps record of."""
