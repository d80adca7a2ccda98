"""The parts of tests/bench/run: what it measures with, what it measures, and how it prints what it saw."""
