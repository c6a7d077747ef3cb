"""The texts that a diagnosis may quote, without secrets, line by line as they stand in the archive."""

from collections.abc import Sequence

import msgspec

from rca_core.foundation.failure import Failure


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One archived text about a failure. Lines are counted from 1 and end with `\\n`, as `text.split("\\n")` has them.

    `id` is `D1`, `D2`, ... within one diagnosis; `kind` says whose text it is (`report`, `databricks task output`,
    ...); `archived` names the blob that holds the very same text. `of_failing_step` is False for texts about
    something around the step that failed (the run as a whole, the cluster). `truncated` says that the text was cut
    before it reached us.
    """

    id: str
    kind: str
    text: str
    archived: str
    of_failing_step: bool = True
    truncated: bool = False


class Line(msgspec.Struct, frozen=True):
    """A line of a document: its number in the archive, and its text, or the part of it that matters if it is long."""

    number: int
    text: str


class Excerpt(msgspec.Struct, frozen=True):
    """What of a document is sent to the model: lines in ascending order, not all of them if the document is long."""

    document: Document
    lines: tuple[Line, ...]

    @property
    def total_lines(self) -> int:
        """How many lines the document has."""
        return self.document.text.count("\n") + 1 if self.document.text else 0


def report_text(failure: Failure) -> str:
    """What a sender says about a failure as one text, valid UTF-8: the vendor's code, the message, the log."""
    code = f"Error code: {failure.error_code}" if failure.error_code else ""
    text = "\n".join(part for part in (code, failure.message, failure.log or "") if part.strip())
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def numbered(documents: Sequence[Document]) -> tuple[Document, ...]:
    """The documents that have a text, with ids in their order."""
    kept = (document for document in documents if document.text.strip())
    return tuple(msgspec.structs.replace(document, id=f"D{number}") for number, document in enumerate(kept, 1))
