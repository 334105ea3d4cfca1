"""The project on the Pi's architecture without a Pi: its arm64 wheels under qemu's user emulation."""
