"""What the templates set is what the app reads, and what it reads can be set."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rca_core.foundation.errors import SettingsError
from rca_core.foundation.settings import read_settings
from tests.infra.templates import INFRA, ROOT, environment_names, given, parsed

# Read by the Functions host or by its worker, never by us ("App settings reference for Azure Functions"; "Connecting to
# host storage with an identity"; Azure SignalR Service bindings, identity-based connections).
OF_THE_HOST = {
    "AzureWebJobsStorage__credential",
    "AzureSignalRConnectionString__credential",
    "AzureSignalRConnectionString__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
NOT_ON_AZURE = {
    "AzureWebJobsStorage": "a connection string; keys are off",
    "AzureWebJobsStorage__accountName": "the three addresses are given",
    "AzureSignalRConnectionString": "a connection string; keys are off",
    "AZURITE_BLOB_PORT": "the emulator's",
    "AZURITE_QUEUE_PORT": "the emulator's",
    "AZURITE_TABLE_PORT": "the emulator's",
}
SECRET = ("_PASSWORD", "_SECRET", "_TOKEN", "_API_KEY")


class Recording(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


def read() -> set[str]:
    """The settings that the app asks its environment for; some are asked for only where others are set."""
    emulator = Recording({"AzureWebJobsStorage": "UseDevelopmentStorage=true", "TRUST_PLATFORM_AUTH": "staticwebapps"})
    read_settings(emulator)
    nothing = Recording({})
    with pytest.raises(SettingsError):
        read_settings(nothing)
    return emulator.asked | nothing.asked


def fixed() -> dict[str, Any]:
    values: dict[str, Any] = parsed(INFRA / "app" / "api.bicep")["variables"]["fixedSettings"]["value"]
    return values


def secrets() -> dict[str, Any]:
    values: dict[str, Any] = parsed(INFRA / "main.bicep")["variables"]["secrets"]["value"]
    return values


def test_each_setting_that_is_set_is_read() -> None:
    assert set(fixed()) - OF_THE_HOST - read() == set()
    assert {*given()["settings"], *secrets()} - read() == set()


def test_each_setting_that_is_read_can_be_set() -> None:
    assert read() - set(fixed()) - {*given()["settings"], *secrets()} == set(NOT_ON_AZURE)


def test_a_setting_is_set_in_one_place() -> None:
    places = [set(fixed()), set(given()["settings"]), set(secrets())]
    assert sum(map(len, places)) == len(set.union(*places))


def test_secrets_go_by_key_vault_and_nothing_else_does() -> None:
    assert all(name.endswith(SECRET) for name in secrets())
    assert not any(name.endswith(SECRET) for name in [*given()["settings"], *fixed()])


def test_a_setting_is_given_by_the_variable_of_its_name_and_left_out_without_one() -> None:
    values = {**given()["settings"], **{name: given()[name] for name in secrets()}}
    for name, value in values.items():
        assert environment_names(value) == [(name, "")], name


def test_a_secret_is_a_secure_parameter_of_its_name() -> None:
    parameters = parsed(INFRA / "main.bicep")["parameters"]
    secure = {name for name, each in parameters.items() if any(one["type"] == "secure" for one in each["decorators"])}
    assert secrets() == {name: name for name in secure}


def test_the_family_of_the_identity_is_what_the_app_connects_with() -> None:
    """With what stands in the template for addresses, the app finds no fault and uses no key."""
    environment = {
        name: "https://example.net" if "Uri" in name or name == "DASHBOARD_URL" else "0"
        for name in fixed()
        if name not in OF_THE_HOST
    }
    known = read_settings(environment)
    assert known.storage.connection_string is None
    assert known.storage.client_id == "0"
    assert known.live_updates
    assert known.doors.sign_in is None, "nobody is believed to be signed in by a header unless an operator says so"


def test_the_runtime_is_no_setting() -> None:
    """Flex Consumption refuses these; they stand in functionAppConfig."""
    assert not {"FUNCTIONS_WORKER_RUNTIME", "WEBSITE_RUN_FROM_PACKAGE", "FUNCTIONS_EXTENSION_VERSION"} & set(fixed())


def test_a_laptop_knows_the_same_settings() -> None:
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    assert {*given()["settings"], *secrets()} - set(example) == set()
