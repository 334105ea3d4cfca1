"""What every request passes before it reaches a page, for the unit's screen and for central's desk alike."""
