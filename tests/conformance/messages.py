"""Stand-ins for the protobuf messages of the host's `FunctionRpc` protocol.

The worker library takes the classes from its caller and only makes them and reads their fields, so plain objects do.
A class that is missing here shows as an AttributeError of this module.
"""

from typing import Any


class Message:
    """Any message: what it is made with are its fields."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__} was made without {name}")


class OneOf(Message):
    """A message that holds at most one of its fields."""

    def WhichOneof(self, group: str) -> str | None:
        return next(iter(self.__dict__), None)


class TypedData(OneOf):
    pass


class ParameterBinding(Message):
    def WhichOneof(self, group: str) -> str:
        return "data"


class BindingInfo(Message):
    undefined = 0
    out = 1
    inout = 2


class StatusResult(Message):
    Failure = 0
    Success = 1


class FunctionMetadataResponse(Message):
    pass


class InvocationResponse(Message):
    pass


class RpcException(Message):
    pass


class RpcFunctionMetadata(Message):
    pass


class RpcHttp(Message):
    pass


class WorkerInitResponse(Message):
    pass


class WorkerMetadata(Message):
    pass
