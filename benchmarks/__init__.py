"""Timings of the reference case beside plainer ways of doing the same: `python -m benchmarks`."""
