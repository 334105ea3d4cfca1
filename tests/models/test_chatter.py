"""What the runtime says to the terminal: its greeting is dropped, a warning never."""

import os

import pytest

from edge.models.chatter import GREETINGS, STDERR, without_greetings


def test_greeting_is_dropped_and_a_warning_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    with without_greetings():
        os.write(STDERR, GREETINGS[0] + b"\nError in cpuinfo: failed to parse\n")
    assert capfd.readouterr().err == "Error in cpuinfo: failed to parse\n"


def test_an_error_inside_loses_no_line_and_gives_stderr_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError), without_greetings():
        os.write(STDERR, b"before\n")
        raise ValueError
    os.write(STDERR, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"
