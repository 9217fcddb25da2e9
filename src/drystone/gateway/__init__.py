"""Doors to the network: each parses, asks the engine, answers and logs. Imports engine only."""
