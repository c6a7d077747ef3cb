"""What came back from Gemini's REST API: an answer, or why there is none, in words for the operator. Pure.

Shapes: https://ai.google.dev/api/generate-content#generatecontentresponse; errors are google.rpc.Status
(https://google.aip.dev/193). Enums are read as text, since a new value must not break anything.
"""

import json
import math
import re
from typing import Any, Literal

import msgspec

Reason = Literal["timeout", "rate_limited", "unavailable", "refused", "blocked", "empty", "misconfigured"]

_LONGEST_WORDS = 300
# What a day's quota that is used up makes us wait; what Gemini itself names then is the wait for the minute's quota.
_DAILY_QUOTA_WAIT = 3600
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s?")
# `finishReason` and `blockReason` that say that somebody did not like the content.
_BLOCKED = frozenset(
    ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR")
)
_CUT = frozenset(("MAX_TOKENS", "CONTINUATION"))


class NoModelAnswer(Exception):
    """The model gave no usable answer. `note` says why and, where somebody can mend it, how; it never holds the key.

    `retry_after_seconds` is what Gemini asked for. Tokens may have been used all the same.
    """

    def __init__(
        self,
        reason: Reason,
        note: str,
        *,
        retry_after_seconds: int | None = None,
        tokens_in: int = 0,
        tokens_out: int = 0,
    ) -> None:
        super().__init__(note)
        self.reason = reason
        self.note = note
        self.retry_after_seconds = retry_after_seconds
        self.tokens_in = tokens_in
        self.tokens_out = tokens_out


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The text that a model wrote. `tokens_out` counts its thoughts too; `model` is the one that really answered."""

    text: str
    tokens_in: int
    tokens_out: int
    model: str
    latency_ms: int
    finish_reason: str


class _Part(msgspec.Struct):
    text: str = ""
    thought: bool = False


class _Content(msgspec.Struct):
    parts: tuple[_Part, ...] = ()


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content = msgspec.field(default_factory=_Content)
    finish_reason: str = ""


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str = ""


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0


class _Reply(msgspec.Struct, rename="camel"):
    candidates: tuple[_Candidate, ...] = ()
    prompt_feedback: _Feedback = msgspec.field(default_factory=_Feedback)
    usage_metadata: _Usage = msgspec.field(default_factory=_Usage)
    model_version: str = ""


def read_answer(body: str, asked: str, latency_ms: int) -> ModelAnswer:
    """The answer in the body of a 200 to generateContent; raises NoModelAnswer. `asked` names the model."""
    try:
        reply = msgspec.json.decode(body.encode("utf-8", "replace"), type=_Reply)
    except (msgspec.DecodeError, RecursionError):
        raise foreign_answer() from None
    used = reply.usage_metadata
    tokens_in, tokens_out = used.prompt_token_count, used.candidates_token_count + used.thoughts_token_count

    def none(reason: Reason, note: str) -> NoModelAnswer:
        return NoModelAnswer(reason, note, tokens_in=tokens_in, tokens_out=tokens_out)

    if blocked := _word(reply.prompt_feedback.block_reason):
        raise none("blocked", f"Gemini did not take the question: its content filter says {blocked}.")
    if not reply.candidates:
        raise none("empty", "Gemini answered without any text.")
    first = reply.candidates[0]
    text = "".join(part.text for part in first.content.parts if not part.thought)
    finish = _word(first.finish_reason)
    if finish in _BLOCKED:
        raise none("blocked", f"Gemini stopped its answer: its content filter says {finish}.")
    if finish in _CUT:
        raise none("empty", f"Gemini's answer was cut off after {tokens_out} tokens, thoughts included ({finish}).")
    if finish not in ("", "STOP"):
        raise none("empty", f"Gemini stopped its answer: {finish}.")
    if not text.strip():
        raise none("empty", "Gemini answered without any text.")
    return ModelAnswer(
        text=text,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=reply.model_version or asked,
        latency_ms=latency_ms,
        finish_reason=finish,
    )


def foreign_answer() -> NoModelAnswer:
    """For a body that Gemini would not send."""
    return NoModelAnswer(
        "unavailable", "What answered is not Gemini: a proxy, a login page, or GEMINI_BASE_URL points elsewhere."
    )


def read_refusal(status: int, body: Any, retry_after: str | None, model: str) -> NoModelAnswer:
    """What a status other than 200 means; `body` is its JSON if it had any, `retry_after` the header."""
    error = _dict(_dict(body).get("error"))
    sent = error.get("details")
    details = [_dict(detail) for detail in sent] if isinstance(sent, list) else []
    said = _sentence(error.get("message"))
    if status == 429:
        return _too_many(details, retry_after, said)
    if status in (408, 504):
        return NoModelAnswer("timeout", f"Gemini gave up before it had an answer ({status}).{said}")
    if status >= 500:
        wait = _seconds(details, retry_after)
        return NoModelAnswer("unavailable", f"Gemini is in trouble ({status}).{said}", retry_after_seconds=wait)
    if status in (401, 403) or any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        return NoModelAnswer("misconfigured", f"Gemini does not accept GEMINI_API_KEY ({status}).{said}")
    if status == 404:
        note = f"Gemini has no model {model}; it may be retired: set GEMINI_MODEL to one that exists.{said}"
        return NoModelAnswer("misconfigured", note)
    if 300 <= status < 400:
        return NoModelAnswer("misconfigured", f"GEMINI_BASE_URL redirects ({status}), which is not followed.")
    if error.get("status") == "FAILED_PRECONDITION":
        return NoModelAnswer("misconfigured", f"Gemini does not serve this key ({status}).{said}")
    return NoModelAnswer("refused", f"Gemini refused the question ({status}), asked of {model}.{said}")


def _too_many(details: list[dict[str, Any]], retry_after: str | None, said: str) -> NoModelAnswer:
    if "perday" in json.dumps([detail.get("violations") for detail in details]).lower():
        note = f"The day's quota of GEMINI_API_KEY at Google is used up (429).{said}"
        return NoModelAnswer("rate_limited", note, retry_after_seconds=_DAILY_QUOTA_WAIT)
    wait = _seconds(details, retry_after)
    return NoModelAnswer(
        "rate_limited", f"Too many questions for GEMINI_API_KEY (429).{said}", retry_after_seconds=wait
    )


def _seconds(details: list[dict[str, Any]], retry_after: str | None) -> int | None:
    """How long to wait: google.rpc.RetryInfo in the body, as Gemini sends it, else the header, as a gateway would."""
    for sent in (*(detail.get("retryDelay") for detail in details), retry_after):
        found = _DURATION.fullmatch(sent) if isinstance(sent, str) else None
        if found:
            return math.ceil(float(found[1]))
    return None


def _dict(value: Any) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _sentence(said: Any) -> str:
    """Gemini's own words as a sentence on one line, `""` if there are none."""
    if not isinstance(said, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in said[: 4 * _LONGEST_WORDS]).split())
    return f" It says: {line[:_LONGEST_WORDS].rstrip('.')}." if line else ""


def _word(value: str) -> str:
    """An enum's value, unless it is none."""
    return value if value.replace("_", "").isalnum() and len(value) <= 60 else ""
