"""docs/central.md: what its commands print is what they print; made again here, compared in the tests."""
