"""How a long command tells the operator how far it is."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Shows the operator a line."""
