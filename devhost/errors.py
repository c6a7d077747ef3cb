"""What the host says when it cannot go on."""

from __future__ import annotations


class StartError(Exception):
    """The app or the machine is not fit to run; the text says what is wrong, where, and what to do."""


class InvocationError(Exception):
    """A function ran but its result could not be used (bad return value, output not written, time out)."""
