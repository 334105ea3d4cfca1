"""Adapters of the Camera port: what a source of frames is, and the frames themselves."""
