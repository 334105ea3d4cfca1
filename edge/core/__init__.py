"""The domain: values, state machines, rules and bytes; no I/O, no clock, no randomness."""
