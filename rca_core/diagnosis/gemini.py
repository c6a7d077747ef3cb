"""Asking Google Gemini: one question, one call, within one time limit. The queue repeats, so nothing here does.

Requests go to `v1beta`, which is where `responseJsonSchema` and `thinkingLevel` are documented. The SDK's own reading
of answers is not used: it warns of enum values that it does not know, and asks on by itself when an answer is cut.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from rca_core.diagnosis.gemini_answers import ModelAnswer, NoModelAnswer, foreign_answer, read_answer, read_refusal
from rca_core.diagnosis.prompt import Prompt, repair_turns
from rca_core.diagnosis.schema import response_schema
from rca_core.foundation.addresses import is_loopback

if TYPE_CHECKING:
    from google.genai.client import AsyncClient

ADDRESS = "https://generativelanguage.googleapis.com"
TIMEOUT_SECONDS = 60.0
# A full draft has about 2,500 tokens; thoughts count as well.
MOST_TOKENS_OUT = 8192

# What a family takes beside the question. 2.5 counts its thoughts; 3 and later have levels, of which `low` is the one
# that every model knows, and want to be left at their own temperature (https://ai.google.dev/gemini-api/docs/thinking
# and /gemini-3). Sending one family's parameter to the other is answered 400, so an unknown family gets none.
_LEVELS: dict[str, Any] = {"thinking_config": {"thinking_level": "LOW"}}
_FAMILIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gemini-2.5-", {"temperature": 0.2, "thinking_config": {"thinking_budget": 2048}}),
    ("gemini-3-", _LEVELS),
    ("gemini-3.", _LEVELS),
    ("gemini-flash-latest", _LEVELS),
    ("gemini-flash-lite-latest", _LEVELS),
    ("gemini-pro-latest", _LEVELS),
)
_MODEL_NAME = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")

T = TypeVar("T")


class Gemini:
    """The model of the settings. Calls may run at the same time, each on a thread of its own.

    `base_url` is None for Google's own. `timeout_seconds` is for a whole call, from the connection to the last byte.
    """

    def __init__(
        self, api_key: str, model: str, base_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._key = api_key
        self._model = model.removeprefix("models/")
        self._base_url = base_url or ADDRESS
        self._scheme, self._host = _scheme_and_host(self._base_url)
        self._timeout = timeout_seconds

    def ask(self, prompt: Prompt) -> ModelAnswer:
        """The model's answer to a question; raises NoModelAnswer."""
        return self._generate(prompt, (prompt.user,))

    def repair(self, prompt: Prompt, bad_text: str, problems: tuple[str, ...]) -> ModelAnswer:
        """The model's second answer, after it was told what is wrong with its first; raises NoModelAnswer."""
        return self._generate(prompt, repair_turns(prompt, bad_text, problems))

    def probe(self) -> None:
        """Raises NoModelAnswer unless the model is there, takes questions, and the key may ask. Costs no tokens."""
        model = self._call(lambda client: client.models.get(model=self._model))
        if "generateContent" not in (model.supported_actions or ()):
            raise NoModelAnswer(
                "misconfigured", f"{self._model} answers no questions: set GEMINI_MODEL to one that does."
            )

    def _generate(self, prompt: Prompt, turns: tuple[str, ...]) -> ModelAnswer:
        from google.genai import types

        contents = [
            types.Content(role="model" if number % 2 else "user", parts=[types.Part(text=text)])
            for number, text in enumerate(turns)
        ]
        config = types.GenerateContentConfig(
            system_instruction=prompt.system,
            response_mime_type="application/json",
            response_json_schema=response_schema(),
            max_output_tokens=MOST_TOKENS_OUT,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            should_return_http_response=True,
            **_family(self._model),
        )
        started = time.monotonic()
        response = self._call(
            lambda client: client.models.generate_content(model=self._model, contents=contents, config=config)
        )
        latency_ms = round((time.monotonic() - started) * 1000)
        body = response.sdk_http_response.body if response.sdk_http_response else None
        return read_answer(body or "", self._model, latency_ms)

    def _call(self, call: "Callable[[AsyncClient], Awaitable[T]]") -> T:
        """What the call returns. Awaited, because the limits of a blocking call are for each read of a socket, so that
        an answer that drips would never end.
        """
        import httpx2
        from google.genai import errors

        self._check()
        try:
            return asyncio.run(self._within_time(call))
        except (TimeoutError, httpx2.TimeoutException):
            raise NoModelAnswer("timeout", f"Gemini did not answer within {self._timeout:g} s.") from None
        except errors.APIError as error:
            header = error.response.headers.get("retry-after") if error.response is not None else None
            raise self._without_key(read_refusal(error.code, error.details, header, self._model)) from None
        except httpx2.ConnectError:
            raise NoModelAnswer("unavailable", f"No connection to Gemini at {self._host}.") from None
        except (httpx2.HTTPError, OSError) as error:
            note = f"The connection to Gemini at {self._host} broke off ({type(error).__name__})."
            raise NoModelAnswer("unavailable", note) from None
        except (ValueError, RecursionError):
            # A body that says it is JSON and is not, where the SDK reads it itself.
            raise foreign_answer() from None

    async def _within_time(self, call: "Callable[[AsyncClient], Awaitable[T]]") -> T:
        """One call with a client of its own: a client belongs to the event loop of its call. Making it takes 30 ms,
        an answer seconds.
        """
        import httpx2
        from google import genai
        from google.genai import types

        async with (
            asyncio.timeout(self._timeout),
            # No proxy on the way to ourselves.
            httpx2.AsyncClient(trust_env=not is_loopback(self._host)) as http,
        ):
            options = types.HttpOptions(
                base_url=self._base_url,
                api_version="v1beta",
                timeout=round(self._timeout * 1000),
                httpx_async_client=http,
            )
            with genai.Client(api_key=self._key, vertexai=False, http_options=options) as client:
                return await call(client.aio)

    def _check(self) -> None:
        """Raises NoModelAnswer for settings that cannot work or would show the key."""
        if not (self._key and self._key.isascii() and self._key.isprintable() and " " not in self._key):
            note = "GEMINI_API_KEY holds characters that no key has: copy it again, without line breaks."
            raise NoModelAnswer("misconfigured", note)
        if not _MODEL_NAME.fullmatch(self._model):
            raise NoModelAnswer("misconfigured", "GEMINI_MODEL is no model's name; one looks like gemini-flash-latest.")
        if not self._host or (self._scheme != "https" and not (self._scheme == "http" and is_loopback(self._host))):
            note = "GEMINI_BASE_URL must start with https://, or the key would travel readable."
            raise NoModelAnswer("misconfigured", note)

    def _without_key(self, refusal: NoModelAnswer) -> NoModelAnswer:
        """The same, should whatever answered have repeated our key."""
        note = refusal.note.replace(self._key, "[key]")
        return NoModelAnswer(refusal.reason, note, retry_after_seconds=refusal.retry_after_seconds)


def _family(model: str) -> dict[str, Any]:
    return next((takes for prefix, takes in _FAMILIES if model.startswith(prefix)), {})


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both `""` if this is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""
