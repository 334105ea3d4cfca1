"""The unit's camera adapter on the real picamera2 and libcamera, with a camera that libcamera draws itself."""
