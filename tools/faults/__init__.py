"""Faults on purpose, against real processes: SIGKILL at random moments, and what must hold afterwards."""
