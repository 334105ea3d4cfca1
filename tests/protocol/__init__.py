"""The protocol as it is written down."""
