"""Passwords: which are good enough, and how they are kept (bcrypt).

The rules follow "Digital Identity Guidelines" (NIST SP 800-63B, 5.1.1.2): long, not among those that are guessed first,
not made of the person's own name; no rules about kinds of characters. bcrypt reads 72 bytes at most, so that a longer
password is refused, not cut.
"""

import secrets
import unicodedata
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore

from rca_core.foundation.errors import MalformedRequest, TransientError

LEAST_CHARACTERS = 12
MOST_BYTES = 72

COST = 12
"""bcrypt's work factor: each step doubles the time; 12 takes about 0.2 s of processor time."""

_KEYBOARD_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl")
_MORE_ROWS = ("zxcvbnm", "yxcvbnm")
_LONGEST_READ = 1_000
_LEAST_DIFFERENT = 5
_SHORTEST_RUN = 3
_LEAST_OWN_PART = 4
_LEAST_LEFT = 8
_LOOKALIKE = str.maketrans("013457@$!", "oieastasi")

# Whoever hashes keeps a processor busy: webhooks on the same instance must not starve when many sign in at once.
_AT_ONCE = BoundedSemaphore(4)
_LONGEST_WAIT_SECONDS = 3.0


def check(password: str, email: str, name: str = "") -> None:
    """Raises MalformedRequest that says why the password is not good enough for this person."""
    text = _normal(password[:_LONGEST_READ])
    if len(text) < LEAST_CHARACTERS:
        raise _bad(
            f"A password has at least {LEAST_CHARACTERS} characters; a few words that do not belong together are"
        )
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise MalformedRequest(f"A password has at most {MOST_BYTES} bytes in UTF-8.", field="password")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise MalformedRequest("A password has no line breaks or control characters.", field="password")
    folded = text.casefold()
    if _is_monotonous(folded):
        raise _bad("That password repeats itself, or follows the alphabet or the keyboard: a few words at random are")
    if _is_common(folded):
        raise _bad("That password is one of those that are guessed first: a few words at random are")
    if _is_own_name(folded, email.casefold(), name.casefold()):
        raise _bad("That password is made of your own name or address: a few words at random are")


def hashed(password: str) -> str:
    """The password as it is stored; it has passed `check`."""
    import bcrypt

    with _Turn():
        return bcrypt.hashpw(_normal(password).encode("utf-8", "replace"), bcrypt.gensalt(COST)).decode()


def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password that was stored. It takes as long when nothing was (None), so that the time does not
    tell which accounts there are.
    """
    import bcrypt

    given = _normal(password[:_LONGEST_READ]).encode("utf-8", "replace")
    possible = len(given) <= MOST_BYTES
    nobody = _of_nobody(COST)
    with _Turn():
        same = bcrypt.checkpw(given if possible else b"too long", (stored or nobody).encode())
    return same and possible and stored is not None


class _Turn:
    """Waits for a turn to hash; raises TransientError if too many do."""

    def __enter__(self) -> None:
        if not _AT_ONCE.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise TransientError("Too many people sign in at once.", retry_after_seconds=5)

    def __exit__(self, *_: object) -> None:
        _AT_ONCE.release()


@cache
def _of_nobody(cost: int) -> str:
    import bcrypt

    return bcrypt.hashpw(secrets.token_bytes(16).hex().encode(), bcrypt.gensalt(cost)).decode()


def _normal(password: str) -> str:
    # The same characters may be typed in several ways, depending on the keyboard (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _bad(why: str) -> MalformedRequest:
    return MalformedRequest(f"{why} a good one.", field="password")


def _is_monotonous(folded: str) -> bool:
    if len(set(folded)) < _LEAST_DIFFERENT:
        return True
    if any(folded[size:] == folded[:-size] for size in range(1, len(folded) // 2 + 1)):
        return True
    return _without_runs(folded) <= len(folded) // 4


def _without_runs(folded: str) -> int:
    """How many characters are in no run along the alphabet, the digits or a row of the keyboard."""
    rows = [*_KEYBOARD_ROWS, *_MORE_ROWS]
    rows += [row[::-1] for row in rows]
    left, at = 0, 0
    while at < len(folded):
        size = next(
            (
                size
                for size in range(len(folded) - at, _SHORTEST_RUN - 1, -1)
                if _on_a_row(folded[at : at + size], rows)
            ),
            0,
        )
        left += 0 if size else 1
        at += size or 1
    return left


def _on_a_row(piece: str, rows: list[str]) -> bool:
    return any(piece in row for row in rows)


def _is_common(folded: str) -> bool:
    common = _common()
    bare = folded.strip("0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
    return not common.isdisjoint({folded, bare, folded.translate(_LOOKALIKE), bare.translate(_LOOKALIKE)})


def _is_own_name(folded: str, email: str, name: str) -> bool:
    parts = [email, *email.replace(".", "@").replace("-", "@").replace("_", "@").split("@"), *name.split()]
    left = folded
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _LEAST_OWN_PART:
            left = left.replace(part, "")
    return left != folded and len(left) < _LEAST_LEFT


@cache
def _common() -> frozenset[str]:
    lines = files("rca_core.access").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))
