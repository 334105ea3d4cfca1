"""Doorstep on the unit: certify at the bedside, sign, keep, and hand on when there is a network."""

__version__ = "0.1.0"
