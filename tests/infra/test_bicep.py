"""The templates can be read, fit together, and keep shut what must be shut.

Nothing short of Azure says that they can be deployed: docs/not-checked.md.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.templates import FILES, INFRA, ROOT, environment_names, given, parsed, resources

MODULES = [
    pytest.param(path, name, module, id=f"{path.name}-{name}")
    for path in FILES
    for name, module in parsed(path).get("modules", {}).items()
]


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(INFRA)) for path in FILES])
def test_it_can_be_read(path: Path) -> None:
    assert parsed(path)["resources"] or parsed(path)["modules"]


@pytest.mark.parametrize(("path", "name", "module"), MODULES)
def test_a_module_is_given_what_it_asks_for_and_nothing_else(path: Path, name: str, module: dict[str, Any]) -> None:
    asked = parsed(path.parent / module["detail"]["path"])["parameters"]
    passed = set(config_of(module)["params"])
    required = {name for name, parameter in asked.items() if parameter["default"] is None}
    assert required <= passed <= set(asked)


def config_of(module: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = module["config"]
    return config["config"] if "condition" in config else config


def test_azd_gives_the_parameters_that_there_are() -> None:
    asked = parsed(INFRA / "main.bicep")["parameters"]
    required = {name for name, parameter in asked.items() if parameter["default"] is None}
    assert required <= set(given()) <= set(asked)
    without_a_value = {name for name, usual in environment_names(given()) if usual is None}
    assert without_a_value == {"AZURE_ENV_NAME", "AZURE_LOCATION"}, "azd sets these; others need a value to start with"


def test_a_type_is_asked_for_in_one_version() -> None:
    versions: dict[str, set[str]] = {}
    for path in FILES:
        for resource in parsed(path).get("resources", {}).values():
            versions.setdefault(resource["type"], set()).add(resource["api_version"])
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


def test_azd_finds_where_each_service_goes() -> None:
    services = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]
    text = "".join(path.read_text() for path in FILES)
    assert set(services) == {"api", "dashboard"}
    for service in services:
        assert f"'azd-service-name': '{service}'" in text


def test_keys_and_passwords_are_off() -> None:
    [account] = resources("Microsoft.Storage/storageAccounts")
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowBlobPublicAccess"] is False
    [signalr] = resources("Microsoft.SignalRService/signalR")
    assert signalr["properties"]["disableLocalAuth"] is True
    assert signalr["properties"]["cors"]["allowedOrigins"] == "pageUrls"
    [insights] = resources("Microsoft.Insights/components")
    assert insights["properties"]["DisableLocalAuth"] is True
    [workspace] = resources("Microsoft.OperationalInsights/workspaces")
    assert workspace["properties"]["features"]["disableLocalAuth"] is True
    publishing = list(resources("Microsoft.Web/sites/basicPublishingCredentialsPolicies"))
    assert [each["properties"]["allow"] for each in publishing] == [False, False]


def test_senders_are_let_through_after_the_link_shut_them_out() -> None:
    link = parsed(INFRA / "app" / "link.bicep")["resources"]["authentication"]["config"]
    assert link["properties"]["globalValidation"] == {
        "requireAuthentication": False,
        "unauthenticatedClientAction": "AllowAnonymous",
    }
    assert link["dependsOn"] == ["link"], "in the other order the link would have the last word"


def test_the_platform_answers_no_preflight_in_the_place_of_the_app() -> None:
    [app] = resources("Microsoft.Web/sites")
    assert "cors" not in app["properties"]["siteConfig"]


def test_az_builds_it(tmp_path: Path) -> None:
    az = shutil.which("bicep") or shutil.which("az")
    if az is None:
        pytest.skip("neither bicep nor az is here: the templates are parsed, not compiled")
    command = [az, "build"] if az.endswith("bicep") else [az, "bicep", "build"]
    for path in FILES:
        target = ["--outfile", str(tmp_path / f"{path.stem}.json")]
        file = [str(path)] if az.endswith("bicep") else ["--file", str(path)]
        built = subprocess.run([*command, *file, *target], capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
