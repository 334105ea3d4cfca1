"""The demonstration: a whole unit, broker and central on one machine, and visits from photographs."""
