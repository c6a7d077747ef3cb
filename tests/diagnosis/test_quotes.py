"""Quotes are found where they stand, and what is kept is what the document says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rca_core.diagnosis.documents import Document, Excerpt, Line
from rca_core.diagnosis.quotes import Located, Sent, find, is_informative, locate

LOG = """2026-11-23T02:14:58Z INFO start of stage 12
2026-11-23T02:15:01Z ERROR java.lang.OutOfMemoryError:   Java heap space
    at com.acme.Loader.collect(Loader.scala:41)
2026-11-23T02:15:02Z WARN retry of “orders raw” in 30 s
2026-11-23T02:15:03Z WARN connection to sql-prod lost
2026-11-23T02:16:03Z WARN connection to sql-prod lost
bye"""


def document(text: str = LOG, number: int = 1) -> Document:
    return Document(id=f"D{number}", kind="task log", text=text, archived="tickets/x/log")


def sent(text: str = LOG, *numbers: int) -> Sent:
    """The document with these lines of it sent; all of them if none is named."""
    lines = text.split("\n")
    return Sent(Excerpt(document(text), tuple(Line(n, lines[n - 1]) for n in numbers or range(1, len(lines) + 1))))


def located(quote: str, first: int, last: int, where: Sent | None = None) -> Located:
    place = locate(quote, first, last, where or sent())
    assert place is not None
    lines = place.document.text.split("\n")
    assert place.quote in "\n".join(lines[place.line_start - 1 : place.line_end])
    return place


def test_a_quote_at_its_line_needs_no_note() -> None:
    place = located("com.acme.Loader.collect(Loader.scala:41)", 3, 3)
    assert (place.line_start, place.line_end, place.note, place.ambiguous) == (3, 3, "", False)


def test_lines_claimed_too_widely_become_the_true_ones() -> None:
    place = located("start of stage 12", 1, 7)
    assert (place.line_start, place.line_end, place.note) == (1, 1, "")


def test_a_wrong_line_number_is_repaired_and_noted() -> None:
    place = located("com.acme.Loader.collect", 40, 41)
    assert (place.line_start, place.line_end) == (3, 3)
    assert place.note == "lines 40-41 -> 3-3"
    assert not place.ambiguous


def test_a_quote_that_stands_in_two_places_is_taken_where_it_was_claimed() -> None:
    place = located("WARN connection to sql-prod lost", 6, 6)
    assert (place.line_start, place.note, place.ambiguous) == (6, "", False)


def test_a_quote_that_stands_in_two_places_of_which_none_was_claimed_is_ambiguous() -> None:
    place = located("WARN connection to sql-prod lost", 1, 2)
    assert (place.line_start, place.ambiguous) == (5, True)
    assert place.note == "lines 1-2 -> 5-5, the first of 2 places"


@pytest.mark.parametrize(
    ("quote", "kept"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError:   Java heap space"),
        ('retry of "orders raw" in 30 s', "retry of “orders raw” in 30 s"),
        ("“java.lang.OutOfMemoryError: Java heap space”", "java.lang.OutOfMemoryError:   Java heap space"),
        ("`connection to sql-prod lost`", "connection to sql-prod lost"),
        ("ＷＡＲＮ retry of", "WARN retry of"),  # noqa: RUF001
    ],
)
def test_typing_does_not_matter_and_the_documents_own_words_are_kept(quote: str, kept: str) -> None:
    place = located(quote, 1, 7)
    assert place.quote == kept
    assert "typed differently" in place.note


def test_a_quote_over_lines_that_follow_one_another() -> None:
    quote = "Java heap space at com.acme.Loader.collect"
    place = located(quote, 2, 3)
    assert (place.line_start, place.line_end) == (2, 3)
    assert place.quote == "Java heap space\n    at com.acme.Loader.collect"


def test_a_quote_over_lines_of_a_windows_log() -> None:
    place = located("Access denied\nfor user loader", 1, 2, sent("Access denied\r\nfor user loader\r\n"))
    assert place.quote == "Access denied\r\nfor user loader"


@pytest.mark.parametrize(
    "quote",
    [
        "java.lang.OutOfMemoryError: GC overhead limit exceeded",  # another error
        "the Java heap space was exhausted",  # paraphrase
        "java.lang.OutOfMemoryError ... Loader.scala:41",  # pieces joined
        "java.lang.OutOfMemoryError: … Loader.scala:41",
        "JAVA HEAP SPACE IS",
        "",
        " \n ",
        "''",
    ],
)
def test_what_was_not_written_is_not_found(quote: str) -> None:
    assert locate(quote, 1, 7, sent()) is None


def test_what_was_not_sent_is_not_found() -> None:
    assert locate("com.acme.Loader.collect", 3, 3, sent(LOG, 1, 2, 4)) is None
    assert locate("heap space 2026-11-23T02:15:02Z", 2, 4, sent(LOG, 1, 2, 4)) is None


def test_a_long_line_of_which_a_part_was_sent() -> None:
    text = "first\n" + "x" * 5_000 + " disk quota of user loader exceeded " + "y" * 5_000 + "\nlast line here"
    excerpt = Excerpt(document(text), (Line(2, "disk quota of user loader exceeded"), Line(3, "last line here")))
    assert located("disk quota of user loader", 2, 2, Sent(excerpt)).line_start == 2
    assert locate("exceeded last line", 2, 3, Sent(excerpt)) is None


def test_an_excerpt_that_does_not_fit_its_document_offers_nothing_to_quote() -> None:
    excerpt = Excerpt(document("one line of text"), (Line(1, "another line of text"), Line(9, "one line of text")))
    assert locate("line of text", 1, 1, Sent(excerpt)) is None


@pytest.mark.parametrize(
    "quote",
    [
        "java.lang.OutOfMemoryError: Java heap space",
        "No space left on device",
        "Permission denied",
        "Error code: SapFailedToConnectToServer",
        "DRIVER_OUT_OF_MEMORY",
        "SQLSTATE: 42P01",
        "ErrorCode=SqlOperationFailed",
        "concurrent.futures._base.TimeoutError",
        "KeyError: 'order_id'",
        "连接被拒绝服务器没有响应任何请求",
    ],
)
def test_these_say_something(quote: str) -> None:
    assert is_informative(quote)


@pytest.mark.parametrize(
    "quote",
    [
        "ERROR",
        "Exit code",
        "2026-11-23T02:15:09.123Z ERROR",
        "26/11/23 02:15:09 ERROR task failed",
        "[PASSWORD#1] [SAS#12] [SAS#13]",
        "Traceback (most recent call last):",
        "ERROR: the task failed with an unknown exception",
        "------------------------",
        "orders orders orders",
        "RUN_EXECUTION_ERROR",
        "Error code: 2200",
        "3b0f3f0c-55b5-4a4e-8c1c-0b1d7e4f2002",
    ],
)
def test_these_say_nothing(quote: str) -> None:
    assert not is_informative(quote)


def test_a_quote_of_the_rules_finds_its_document_and_lines() -> None:
    place = find("WARN connection to sql-prod lost", [document("something else"), document(number=2)])
    assert place is not None
    assert (place.document.id, place.line_start, place.line_end) == ("D2", 5, 5)
    last = find("WARN connection to sql-prod lost", [document()], last=True)
    assert last is not None and last.line_start == 6
    assert find("nowhere", [document()]) is None and find(" ", [document()]) is None


TEXTS = st.text(alphabet=st.sampled_from("ab \t\n\r'\"“”‘’`e\u0301éﬁfi½Å\u212b.…\u2028\x85\u3000"), max_size=80)  # noqa: RUF001


@given(TEXTS, st.data())
def test_whatever_is_found_stands_at_its_lines_in_the_document(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    numbers = sorted(data.draw(st.sets(st.integers(1, len(lines)))))
    start = data.draw(st.integers(0, len(text)))
    quote = data.draw(st.one_of(st.just(text[start : start + 20]), TEXTS))
    place = locate(quote, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)), Sent(_excerpt(text, numbers)))
    if place is not None:
        assert place.quote
        assert place.quote in "\n".join(lines[place.line_start - 1 : place.line_end])
        assert set(range(place.line_start, place.line_end + 1)) <= set(numbers)


def _excerpt(text: str, numbers: list[int]) -> Excerpt:
    lines = text.split("\n")
    return Excerpt(document(text), tuple(Line(number, lines[number - 1]) for number in numbers))
