"""The composition root of the unit's pages."""
