"""Turns published nets into TFLite graphs and quantizes them; runs only in the build environment."""
