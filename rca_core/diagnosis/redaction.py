"""Masks secrets and personal data in text and in webhook bodies, before anything is stored, posted or sent.

A secret becomes a typed placeholder with a stable number, `[SAS#1]`; the sentence around it stays. Pure and linear in
the length of the text. What counts as a secret stands in `redaction_rules`.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from rca_core.diagnosis.matching import Pattern, PatternSet, Span, searchable
from rca_core.diagnosis.redaction_rules import (
    NAMED,
    PERSONAL,
    PLACEHOLDER,
    RULES,
    Rule,
    harmless,
    is_grammar,
    looks_random,
    secret_kind,
)

# The shortest text in which there can be a secret (an e-mail address such as a@b.cd).
_SHORTEST = 6
# The longest value of a name that is masked, in characters, and the longest that is without its closing quote.
_LONGEST, _LONGEST_OPEN = 8192, 200
# How often a text is searched again because masking brought two pieces together.
_ROUNDS = 4
# How deep JSON in strings of JSON is followed.
_DEPTH = 4
_JSON = json.JSONDecoder(strict=False)
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_SCHEMES = frozenset(
    (
        "basic",
        "bearer",
        "token",
        "apikey",
        "digest",
        "negotiate",
        "sharedkey",
        "sharedkeylite",
        "aws4-hmac-sha256",
        "splunk",
    )
)
# Names whose value says less than the whole: the rest of it is worth reading.
_PARTLY = frozenset({"SAS", "AUTHORIZATION"})


class Redacted(msgspec.Struct, frozen=True):
    """A masked text, and of each kind how many different secrets were masked in it."""

    text: str
    counts: dict[str, int]


# A secret in a text: start, end, rank, kind. Of places that overlap, the lowest rank names the kind. Bare tuples: of a
# text full of secrets there are hundreds of thousands, and the garbage collector looks into every named one.
_Place = tuple[int, int, int, str]


class _Token(NamedTuple):
    """A string in a JSON text: where its quotes stand, what it says, and the name it belongs to if any."""

    start: int
    end: int
    value: str
    name: str | None


class Redactor:
    """Masks the texts that belong together: one secret has one placeholder in all of them.

    `counts` says of each kind how many different secrets were masked so far.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def redact(self, text: str) -> str:
        """The text with its secrets masked; it keeps its number of lines."""
        for _ in range(_ROUNDS):
            places = _find(text)
            if not places:
                break
            self._reserve(text)
            text = self._mask(text, places)
        return text

    def redact_body(self, body: bytes) -> bytes:
        """The body of a request with its secrets masked: JSON stays JSON, and without a secret nothing changes."""
        text = body.decode("utf-8", "surrogateescape")
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        masked = bom + self._json_or_text(text[len(bom) :], 0)
        return body if masked == text else masked.encode("utf-8", "surrogateescape")

    def _json_or_text(self, text: str, depth: int) -> str:
        if depth > _DEPTH or text.strip()[:1] not in ("{", "[", '"') or not _is_json(text):
            return self.redact(text)
        self._reserve(text)
        pieces, end = [], 0
        for token in _tokens(text):
            masked = self._value(token.value, token.name, depth)
            if masked != token.value:
                pieces += [text[end : token.start], _quoted(masked)]
                end = token.end
        return "".join([*pieces, text[end:]])

    def _value(self, value: str, name: str | None, depth: int) -> str:
        """One string of a JSON document."""
        if name is not None and (kind := secret_kind(name)) and len(value) > 1 and not harmless(value):
            return self._named_value(value, kind, depth)
        if len(value) < _SHORTEST:
            return value
        if value.lstrip()[:1] in ("{", "["):
            return self._json_or_text(value, depth + 1)
        return self.redact(value)

    def _named_value(self, value: str, kind: str, depth: int) -> str:
        if value.lstrip()[:1] in ("{", "[") and _is_json(value):
            return self._json_or_text(value, depth + 1)
        if kind in _PARTLY and (masked := self.redact(value)) != value:
            value = masked
        masked_already = _placeholders(value)
        if kind in _PARTLY and masked_already and _says_more(value):
            return value
        places = _find(value)
        whole = places[0][3] if len(places) == 1 and places[0][:2] == (0, len(value)) else kind
        return self.redact(self._mask(value, _around(value, [(0, len(value), 0, whole)], masked_already)))

    def _mask(self, text: str, places: list[_Place]) -> str:
        pieces, done = [], 0
        for start, end, _, kind in places:
            secret = text[start:end]
            kept = not _LINE_BREAKS.isdisjoint(secret)
            breaks = "".join(character for character in secret if character in _LINE_BREAKS) if kept else ""
            pieces += [text[done:start], self._placeholder(secret, kind), breaks]
            done = end
        return "".join([*pieces, text[done:]])

    def _placeholder(self, secret: str, kind: str) -> str:
        plain = _plain(secret)
        if kind == "EMAIL":
            plain = plain.lower()
        known = self._known.get(plain)
        if known is None:
            self._numbers[kind] = self._numbers.get(kind, 0) + 1
            self.counts[kind] = self.counts.get(kind, 0) + 1
            known = self._known[plain] = f"[{kind}#{self._numbers[kind]}]"
        return known

    def _reserve(self, text: str) -> None:
        """Numbers that placeholders in this text have already are not given to another secret."""
        for start, end, _, _ in _placeholders(text):
            kind, number = text[start + 1 : end - 1].split("#")
            self._numbers[kind] = max(self._numbers.get(kind, 0), int(number))


def redact(text: str) -> Redacted:
    """Masks one text that stands alone."""
    redactor = Redactor()
    return Redacted(redactor.redact(text), redactor.counts)


def redact_body(body: bytes) -> tuple[bytes, dict[str, int]]:
    """Masks the body of one request; of each kind how many different secrets were masked."""
    redactor = Redactor()
    return redactor.redact_body(body), redactor.counts


# Finding --------------------------------------------------------------------------------------------------------------


@cache
def _patterns() -> tuple[PatternSet, tuple[Rule, ...]]:
    rules = RULES + PERSONAL
    return PatternSet([*(rule.pattern for rule in rules), *NAMED]), rules


def _find(text: str) -> list[_Place]:
    """The secrets of a text in order, none overlapping another and none touching a placeholder.

    A sender may write what looks like a placeholder. So what stands around one is searched twice: as it is, and with
    the placeholder read as a part of the value that it stands in.
    """
    if len(text) < _SHORTEST:
        return []
    text = searchable(text)
    masked = _placeholders(text)
    secret, personal = _search(text)
    if masked:
        secret += _search(_filled(text, masked))[0]
    secret = _merged(_around(text, secret, masked))
    personal = _without_overlap(_merged(personal), _merged(secret + masked))
    return sorted(secret + personal)


def _search(text: str) -> tuple[list[_Place], list[_Place]]:
    """Where the rules find something secret, and something personal; places may overlap."""
    patterns, rules = _patterns()
    secret: list[_Place] = []
    personal: list[_Place] = []
    for rank in patterns.candidates(text):
        if rank < len(rules):
            found = personal if rank >= len(RULES) else secret
            found.extend(_places(text, rules[rank], rank))
        else:
            secret.extend(_named(text, NAMED[rank - len(rules)], rank))
    return secret, personal


def _placeholders(text: str) -> list[_Place]:
    """What looks like a placeholder, whoever wrote it."""
    if "#" not in text:
        return []
    text = searchable(text)
    return [(span.start, span.end, 0, "") for span in PLACEHOLDER.spans(text, len(text))]


def _filled(text: str, masked: list[_Place]) -> str:
    """The text with each placeholder turned into a mask of its length, which any value may contain."""
    pieces, done = [], 0
    for start, end, _, _ in masked:
        pieces += [text[done:start], "x" * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


def _around(text: str, places: list[_Place], masked: list[_Place]) -> list[_Place]:
    """The places without the placeholders in them: what is left on either side, unless that is no secret."""
    if not masked:
        return places
    left: list[_Place] = []
    at = 0
    for start, end, rank, kind in sorted(places):
        while at < len(masked) and masked[at][1] <= start:
            at += 1
        begin, following = start, at
        while following < len(masked) and masked[following][0] < end:
            left.append((begin, masked[following][0], rank, kind))
            begin, following = masked[following][1], following + 1
        left.append((begin, end, rank, kind))
    return [place for place in left if _tells(text[place[0] : place[1]])]


def _tells(rest: str) -> bool:
    """Whether what is left of a value beside a placeholder can be secret, not a quote, a bracket or a blank."""
    return len(rest) > 1 and any(map(str.isalnum, rest))


def _places(text: str, rule: Rule, rank: int) -> Iterator[_Place]:
    for span in rule.pattern.spans(text, len(text)):
        lead, *secrets = span.groups
        secret = next(filter(None, secrets), "")
        start = span.start + len(lead)
        length = len(secret)
        if rule.check is not None:
            end = start + length
            length = rule.check(secret, text[max(0, start - 240) : start], text[end : end + 2])
        if length:
            yield start, start + length, rank, rule.kind


def _merged(places: list[_Place]) -> list[_Place]:
    """Places that overlap become one, of the kind with the lowest rank."""
    merged: list[_Place] = []
    for place in sorted(places):
        start, end, rank, kind = place
        if merged and start < merged[-1][1]:
            begun, ended, rank_before, kind_before = merged[-1]
            best = (rank, kind) if rank < rank_before else (rank_before, kind_before)
            merged[-1] = (begun, max(ended, end), *best)
        else:
            merged.append(place)
    return merged


def _without_overlap(places: list[_Place], others: list[_Place]) -> list[_Place]:
    """The places that touch none of the others; both are in order."""
    kept, at = [], 0
    for place in places:
        start, end, _, _ = place
        while at < len(others) and others[at][1] <= start:
            at += 1
        if at == len(others) or others[at][0] >= end:
            kept.append(place)
    return kept


# Values of names ------------------------------------------------------------------------------------------------------


def _named(text: str, pattern: Pattern, rank: int) -> Iterator[_Place]:
    """Secrets told by their names: `password=...`, `"clientSecret": "..."`, `{"name": "token", "value": "..."}`."""
    done = 0
    for span in pattern.spans(text, len(text)):
        kind = secret_kind(span.groups[1])
        if kind is None or span.start < done:
            continue
        lead, _, opening, _ = span.groups
        start = span.start + len(lead)
        if opening[-1:] in ('"', "'", "`") and opening.strip("\\") == opening[-1:]:
            start, end = _in_quotes(text, start + len(opening), opening)
            quoted = True
        elif opening == "{":
            start, end = _in_braces(text, start + 1)
            quoted = True
        else:
            end = start + _unquoted_length(span)
            quoted = False
        value = text[start:end]
        if kind == "AUTHORIZATION":
            scheme, _, rest = value.partition(" ")
            if scheme.lower() in _SCHEMES:
                start, value = end - len(rest), rest
        done = end
        if kind == "TOKEN" and is_grammar(text[max(0, span.start - 20) : span.start]):
            continue
        if len(value) > 1 and _is_secret(span, kind, value, quoted, text[end : end + 1]) and not harmless(value):
            yield start, end, rank, kind


def _in_quotes(text: str, start: int, opening: str) -> tuple[int, int]:
    """Where a quoted value ends: at the quote that is escaped as often as the opening one, or less."""
    at = start
    limit = min(len(text), start + _LONGEST)
    while (at := text.find(opening[-1], at, limit)) >= 0:
        end = at
        while end > start and at - end < len(opening) and text[end - 1] == "\\":
            end -= 1
        if at - end < len(opening):
            return start, end
        at += 1
    end = start
    while end < min(limit, start + _LONGEST_OPEN) and not text[end].isspace():
        end += 1
    return start, end


def _in_braces(text: str, start: int) -> tuple[int, int]:
    """ODBC's `PWD={...}`, in which `}}` stands for a brace; nothing if it is another kind of brace."""
    end, limit = start, min(len(text), start + _LONGEST_OPEN)
    while (end := text.find("}", end, limit)) >= 0:
        if text[end + 1 : end + 2] != "}":
            break
        end += 2
    if end < 0 or text[start : start + 1] in ("{", '"', "'", "\\", " ", "\n", "") or "\n" in text[start:end]:
        return start, start
    return start, end


def _unquoted_length(span: Span) -> int:
    """How much of what follows the separator is the value: up to the semicolon, or to where another item begins."""
    lead, name, value, semicolon = span.groups
    if semicolon:
        return len(value)
    ends = ["&", "\\u0026", "\\n"]
    if "%" in lead[len(name) :]:
        ends += ["%26", "%3b", "%22", "%27", "%20", "%2c", "%7d", "%25"]
    low = value.lower()
    value = value[: min([at for end in ends if (at := low.find(end)) >= 0], default=len(value))]
    first, *others = value.split(",")
    for other in others:
        if not other or "=" in other or ":" in other:
            break
        first += "," + other
    return len(first.rstrip(".,:)]>\\"))


def _is_secret(span: Span, kind: str, value: str, quoted: bool, after: str) -> bool:
    """Whether the value is one, not prose (`Invalid password: expected ...`) or code (`token=self.token`)."""
    lead, name, _, semicolon = span.groups
    separator = lead[len(name) :] if lead.startswith(name) else '"'
    weak = kind in ("TOKEN", "SAS", "AUTHORIZATION") or name.lower() in ("pass", "pat")
    if kind == "SAS" and "sig=" in value:
        return False
    if quoted:
        name_quoted = any(quote in separator for quote in "\"'`")
        return name_quoted or not weak or (len(value) >= 8 and any(map(str.isdigit, value)))
    if name.lower() == "pwd" and value.startswith("/") and not semicolon:
        return False  # the shell's working directory
    plain = value.replace(".", "").replace("_", "")
    if not semicolon and ("(" in value or (plain.isalpha() and (after in (")", ",") or secret_kind(value)))):
        return False  # source code in a traceback
    if weak:
        return len(value) >= 8 and any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    assigned = "=" in separator or "->" in separator or "%" in separator or "u003" in separator.lower()
    if assigned and not (separator != separator.strip() and "->" not in separator and plain.isalpha()):
        return True
    if kind != "PASSWORD":
        compound = name.upper() == name or "_" in name or "-" in name
        return looks_random(value) or (compound and len(value) >= 8 and any(map(str.isdigit, value)))
    return (not plain.isalpha() and len(value) >= 4) or after in ("", "\n", "\r")


# JSON -----------------------------------------------------------------------------------------------------------------


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _tokens(text: str) -> list[_Token]:
    """The strings of a valid JSON text. `{"name": "a", "value": "b"}` names its value as `{"a": "b"}` does."""
    tokens: list[_Token] = []
    # Of each open object: the name it gives, and the number of the token that is its value.
    objects: list[list[str | int | None]] = [[None, None]]
    named: dict[int, str] = {}
    key: str | None = None
    end = 0
    while (start := text.find('"', end)) >= 0:
        gap = text[end:start]
        for character in gap.replace(" ", ""):
            if character == "{":
                objects.append([None, None])
            elif character == "}":
                _pair(objects.pop(), named)
        name = key if gap.strip() == ":" else None
        value, end = _JSON.raw_decode(text, start)
        if name is not None and name.lower() in ("name", "key"):
            objects[-1][0] = value
        elif name is not None and name.lower() == "value":
            objects[-1][1] = len(tokens)
        tokens.append(_Token(start, end, value, name))
        key = value
    for pair in objects:
        _pair(pair, named)
    return [token._replace(name=named.get(at, token.name)) for at, token in enumerate(tokens)] if named else tokens


def _pair(pair: list[str | int | None], named: dict[int, str]) -> None:
    name, value = pair
    if isinstance(name, str) and isinstance(value, int):
        named[value] = name


def _says_more(value: str) -> bool:
    """Whether a value that is masked in part begins with a scheme, or is an address: that is worth reading."""
    low = value.lower()
    return low.startswith(tuple(_SCHEMES)) or "sig=" in low or "sig%" in low


def _quoted(value: str) -> str:
    """A JSON string, of as few escapes as can be."""
    lone = any("\ud800" <= character <= "\udfff" for character in value)
    return json.dumps(value, ensure_ascii=lone)


def _plain(secret: str) -> str:
    """A secret without the escapes of URLs and JSON: however it was written, it is the same one."""
    for _ in range(2):
        if "%" in secret:
            secret = unquote(secret)
    if "\\" in secret:
        for escaped, character in (("\\u002b", "+"), ("\\u002f", "/"), ("\\u003d", "="), ("\\/", "/")):
            secret = secret.replace(escaped, character).replace(escaped.upper().replace("\\U", "\\u"), character)
    return secret
