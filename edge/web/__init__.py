"""The unit's pages: what a worker sees and touches, on the unit or on a phone beside it."""
