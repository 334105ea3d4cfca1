"""The liveness cues: each file one pure function from the sightings of a capture window to a CueResult."""
