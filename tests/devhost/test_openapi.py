"""The page's types are made of a file that must say what the API really is."""

from devhost import openapi


def test_the_kept_description_is_that_of_the_code() -> None:
    assert openapi.FILE.read_text() == openapi.described(), "write it anew with `make types`, then build the page"
