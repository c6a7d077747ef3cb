"""The reference of the settings, and the example of a local file, say what the code reads."""

import json

import pytest

from devhost import configuration
from rca_core.foundation.settings import PARTS, read_settings
from rca_core.foundation.settings_reader import Reader

DECLARED = {setting.name for part in PARTS for setting in part.settings}
WRITE_IT = "run: .venv/bin/python -m devhost.configuration"


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def test_docs_configuration_lists_the_settings_of_the_code() -> None:
    page = configuration.REFERENCE.read_text()
    assert configuration.with_reference(page) == page, WRITE_IT
    for name in DECLARED:
        assert f"`{name}`" in page


def test_the_example_has_the_settings_of_the_code() -> None:
    assert configuration.EXAMPLE.read_text() == configuration.example(), WRITE_IT


def test_the_example_works_and_changes_no_default() -> None:
    values = json.loads(configuration.EXAMPLE.read_text())["Values"]
    least = {name: values[name] for name in ("AzureWebJobsStorage", "DASHBOARD_URL")}
    assert read_settings(values) == read_settings(least)


def test_every_declared_setting_is_read() -> None:
    asked: set[str] = set()
    for values in (
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
        {"AzureWebJobsStorage__accountName": "lake", "TRUST_PLATFORM_AUTH": "appservice"},
    ):
        environment = Asked(values)
        read_settings(environment)
        asked |= environment.names
    assert asked == DECLARED


def test_what_is_not_declared_cannot_be_read() -> None:
    with pytest.raises(LookupError, match="GEMINI_MOOD is not declared"):
        Reader({"GEMINI_MOOD": "good"}, ()).text("GEMINI_MOOD")


def test_each_setting_is_declared_once_and_says_what_it_is_and_what_holds_without_it() -> None:
    settings = [setting for part in (*PARTS, configuration.HOST) for setting in part.settings]
    assert len({setting.name for setting in settings}) == len(settings)
    for setting in settings:
        assert setting.meaning
        assert bool(setting.without) != bool(setting.default)
