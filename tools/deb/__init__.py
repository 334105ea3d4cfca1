"""Makes the unit's Debian packages, and leads one through its life in a root of its own."""
