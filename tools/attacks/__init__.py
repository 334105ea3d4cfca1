"""Simulated people and presentation attacks, seen through a simulated camera and lit by the unit's lamps.

What it renders is a model, made to try cues against known faults. It proves nothing about real attacks.
"""
