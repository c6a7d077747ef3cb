"""`python -m tests.conformance.worker FOLDER`: the app in FOLDER, run by the official worker library.

Started by a Python that has the library. Speaks one JSON document a line: first it says what it found in the app,
then it answers invocations. Typed data is `{kind: value}`, with bytes in base64, and `{}` when there is none.
"""

import asyncio
import base64
import json
import os
import platform
import sys
from types import SimpleNamespace
from typing import Any, TextIO
from uuid import uuid4

from azure_functions_runtime import (
    functions_metadata_request,
    invocation_request,
    start_threadpool_executor,
    stop_threadpool_executor,
    worker_init_request,
)

from tests.conformance import messages

Json = dict[str, Any]


async def serve(folder: str, out: TextIO) -> None:
    """Indexes the app, then answers what comes on standard input until that ends."""
    # As Azure has them: a package's own packages stand in it.
    sys.path[:0] = [folder, os.path.join(folder, ".python_packages", "lib", "site-packages")]
    start_threadpool_executor()
    _say(out, await _index(folder))
    for line in sys.stdin:
        _say(out, await _invoke(json.loads(line)))
    stop_threadpool_executor()


async def _index(folder: str) -> Json:
    request = messages.Message(capabilities={}, function_app_directory=folder)
    started = await worker_init_request(_request(worker_init_request=request))
    if started.result.status != messages.StatusResult.Success:
        return {"error": started.result.exception.message}
    found = await functions_metadata_request(_request())
    return {
        "python": platform.python_version(),
        "path": sys.path,
        "library": started.worker_metadata.worker_version,
        "capabilities": started.capabilities,
        "functions": [
            {
                "id": function.function_id,
                "name": function.name,
                "bindings": list(map(json.loads, function.raw_bindings)),
            }
            for function in found.function_metadata_results
        ],
    }


async def _invoke(call: Json) -> Json:
    nothing = messages.Message(
        trace_parent="", trace_state="", attributes={}, retry_count=0, max_retry_count=0, exception=None
    )
    request = messages.Message(
        invocation_id=str(uuid4()),
        function_id=call["function_id"],
        input_data=[messages.ParameterBinding(name=name, data=_typed(data)) for name, data in call["inputs"].items()],
        trigger_metadata={name: _typed(data) for name, data in call["metadata"].items()},
        trace_context=nothing,
        retry_context=nothing,
    )
    ended = await invocation_request(_request(invocation_request=request))
    if ended.result.status != messages.StatusResult.Success:
        return {"error": ended.result.exception.message}
    return {
        "returned": _untyped(ended.return_value),
        "outputs": {output.name: _untyped(output.data) for output in ended.output_data},
    }


def _request(**request: messages.Message) -> SimpleNamespace:
    """What the library's entry points take."""
    return SimpleNamespace(request=messages.Message(**request), properties={"protos": messages, "host": "127.0.0.1"})


def _typed(data: Json) -> messages.TypedData:
    fields = dict(data)
    if "bytes" in fields:
        fields["bytes"] = base64.b64decode(fields["bytes"])
    if "http" in fields:
        fields["http"] = messages.RpcHttp(**{**fields["http"], "body": _typed(fields["http"]["body"])})
    return messages.TypedData(**fields)


def _untyped(data: messages.TypedData | None) -> Json:
    fields = dict(vars(data)) if data is not None else {}
    if "bytes" in fields:
        fields["bytes"] = base64.b64encode(fields["bytes"]).decode()
    if "http" in fields:
        http = fields["http"]
        fields["http"] = {
            "status_code": http.status_code,
            "headers": http.headers,
            "cookies": http.cookies,
            "body": _untyped(http.body),
        }
    return fields


def _say(out: TextIO, document: Json) -> None:
    print(json.dumps(document), file=out, flush=True)


if __name__ == "__main__":
    # Standard output is the protocol's; whatever the app prints goes to standard error.
    with os.fdopen(os.dup(1), "w") as protocol:
        os.dup2(2, 1)
        asyncio.run(serve(sys.argv[1], protocol))
