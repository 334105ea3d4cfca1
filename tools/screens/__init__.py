"""The unit's pages as pictures, and what is wrong with them: too small, cut off, unreadable."""
