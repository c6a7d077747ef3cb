"""Runs one function: its arguments, its time limit, its outputs, and one log line when it fails."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import types
import uuid
from collections.abc import Callable
from typing import Any

import azure.functions as func

from devhost.app import AppFunction, Binding
from devhost.bindings import Out
from devhost.errors import InvocationError

log = logging.getLogger("devhost")

Sender = Callable[[AppFunction, Binding, Any], None]
InputReader = Callable[[Binding, Any], Any]


class InvocationFailed(Exception):
    """The invocation failed, and that is logged."""


class Context(func.Context):
    """What a function's `context` parameter receives."""

    # Plain values in place of the abstract class's properties.
    invocation_id: Any = ""
    function_name: Any = ""
    function_directory: Any = ""
    retry_context: Any = None
    trace_context: Any = types.SimpleNamespace(trace_parent="", trace_state="", attributes={})
    thread_local_storage: Any = threading.local()

    def __init__(self, function: AppFunction, invocation_id: str) -> None:
        self.invocation_id = invocation_id
        self.function_name = function.name
        self.function_directory = function.directory


class _Call:
    """One invocation under way."""

    def __init__(self, function: AppFunction, trigger: Any, read_input: InputReader) -> None:
        self.function = function
        self.id = str(uuid.uuid4())
        self.expired = False
        self.outs = [(binding, Out[Any]()) for binding in function.outputs]
        self.arguments = {function.trigger.name: trigger}
        self.arguments.update((binding.name, out) for binding, out in self.outs)
        for binding in function.inputs:
            self.arguments[binding.name] = read_input(binding, trigger)
        if function.wants_context:
            self.arguments["context"] = Context(function, self.id)


class Invoker:
    """Runs functions: plain ones in the thread pool, async ones on the event loop.

    `timeout` is in seconds or None. `send` writes one output and returns once it is written; `read_input`
    gives the value of an input binding; `on_success` is called after each invocation that succeeded.
    """

    def __init__(
        self,
        pool: concurrent.futures.ThreadPoolExecutor,
        loop: asyncio.AbstractEventLoop,
        timeout: float | None,
        send: Sender,
        read_input: InputReader,
        on_success: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._loop = loop
        self._timeout = timeout
        self._send = send
        self._read_input = read_input
        self._on_success = on_success
        self._in_threads: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether a thread of the pool still runs a function, be it one whose time limit has passed."""
        return bool(self._in_threads)

    async def invoke(self, function: AppFunction, trigger: Any) -> Any:
        """Run a function from the event loop and return what it returned. Raises InvocationFailed."""
        call = None
        try:
            call = _Call(function, trigger, self._read_input)
            async with asyncio.timeout(self._timeout) as limit:
                if function.is_async:
                    result = await self._run_async(call)
                else:
                    result = await self._loop.run_in_executor(self._pool, self._run, call)
        except TimeoutError as raised:
            error = raised
            if call is not None and limit.expired():
                call.expired = True
                error = self._timed_out()
            raise _failed(function, call, error) from error
        except Exception as error:
            raise _failed(function, call, error) from error
        self._on_success()
        return result

    def invoke_blocking(self, function: AppFunction, trigger: Any) -> Any:
        """As `invoke`, from a thread that is neither the event loop's nor one of the pool's."""
        call = future = None
        try:
            call = _Call(function, trigger, self._read_input)
            if function.is_async:
                future = asyncio.run_coroutine_threadsafe(self._run_async(call), self._loop)
            else:
                future = self._pool.submit(self._run, call)
            result = future.result(self._timeout)
        except TimeoutError as raised:
            error = raised
            if future is not None and call is not None and not future.done():
                call.expired = True
                future.cancel()
                error = self._timed_out()
            raise _failed(function, call, error) from error
        except Exception as error:
            raise _failed(function, call, error) from error
        self._on_success()
        return result

    def _run(self, call: _Call) -> Any:
        Context.thread_local_storage.invocation_id = call.id
        self._in_threads.add(call.id)
        try:
            result = call.function.call(**call.arguments)
            self._write_outputs(call, result)
        except SystemExit as error:
            raise InvocationError(f"the function called exit({error.code})") from error
        finally:
            self._in_threads.discard(call.id)
        return result

    async def _run_async(self, call: _Call) -> Any:
        result = await call.function.call(**call.arguments)
        if call.outs or _is_sent(call.function.returns):
            await self._loop.run_in_executor(self._pool, self._write_outputs, call, result)
        else:
            self._write_outputs(call, result)
        return result

    def _write_outputs(self, call: _Call, result: Any) -> None:
        function = call.function
        if call.expired:
            raise InvocationError("finished after its time limit; its outputs are dropped")
        if result is not None and function.returns is None:
            raise InvocationError("returned a value but has no $return binding; annotate it -> None")
        # All are tried even when one fails: the real host writes them at the same time.
        errors = []
        pairs = [(binding, out.get()) for binding, out in call.outs]
        if function.returns is not None and _is_sent(function.returns):
            pairs.append((function.returns, result))
        for binding, value in pairs:
            if value is not None:
                try:
                    self._send(function, binding, value)
                except Exception as error:  # noqa: BLE001 - reported below, after the others are tried
                    errors.append(InvocationError(f"output '{binding.name}' was not written: {error}"))
                    errors[-1].__cause__ = error
        if errors:
            raise errors[0]

    def _timed_out(self) -> TimeoutError:
        # The real host would end the worker process; a thread cannot be ended, so it runs on, without effect.
        return TimeoutError(f"not finished after {self._timeout:g} s (host.json: functionTimeout)")


def _is_sent(returns: Binding | None) -> bool:
    """Whether `$return` goes out by itself; an HTTP response is sent by whoever called."""
    return returns is not None and returns.type != "http"


def _failed(function: AppFunction, call: _Call | None, error: BaseException) -> InvocationFailed:
    log.error(
        "invocation failed function=%s invocation_id=%s error=%s",
        function.name,
        call.id if call else "-",
        type(error).__name__,
        exc_info=error,
    )
    return InvocationFailed(function.name)
