"""Benchmarks: each `bench_*.py` measures us and the alternative in one run and reports a ratio."""
