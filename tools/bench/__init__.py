"""Times the unit's nets and its live loop, beside what they are to be compared with. Run: python -m tools.bench."""
