"""What msgspec learns of a type when it first decodes one, learnt while there is but one thread.

Two threads that decode a type for the first time at the same moment can crash the process, for one builds the
description while the other reads it. Seen once, with msgspec 0.22, as eight threads read a process's first tickets.
"""

from collections.abc import Iterator

import msgspec


def learn_types() -> int:
    """Builds the description of every Struct class that is loaded, and returns how many there are.

    To be called once all modules are imported, before any thread works.
    """
    learnt = 0
    for kind in set(_kinds_of(msgspec.Struct)):
        try:
            msgspec.json.Decoder(kind)
        except TypeError:  # it has a field that no document holds, such as a client: nobody decodes it
            continue
        learnt += 1
    return learnt


def _kinds_of(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds_of(each)
