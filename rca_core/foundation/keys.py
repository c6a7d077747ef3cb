"""What may be part of a row's key in Table Storage ("Understanding the Table service data model")."""

_FORBIDDEN = frozenset("/\\#?%")
_MOST = 512


def fits_a_key(text: str) -> bool:
    """Whether there can be a row of this key: one that storage would refuse is one that is not there."""
    return 0 < len(text) <= _MOST and text.isprintable() and not _FORBIDDEN.intersection(text)
