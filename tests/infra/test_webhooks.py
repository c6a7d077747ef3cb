"""Where senders post is told after a deployment; keys are made and shown only when asked for."""

import os
import subprocess
from pathlib import Path

import pytest

from rca_core.access.roles import CALLERS
from tests.infra.templates import INFRA, parsed
from tests.support.functions import http_functions

SCRIPT = INFRA / "hooks" / "webhooks.sh"
VALUES = {
    "FUNCTION_APP_NAME": "func-abc",
    "AZURE_RESOURCE_GROUP": "rg-dev",
    "API_URL": "https://func-abc.example.net",
    "DASHBOARD_URL": "https://page.example.net",
}


def routes(*callers: str) -> dict[str, str]:
    return {
        name: f"/{function.get_trigger().route}"
        for name, function in http_functions().items()
        if CALLERS[name] in callers
    }


def printed(folder: Path, *arguments: str, **without: str) -> subprocess.CompletedProcess[str]:
    """What the script prints where `az` notes its arguments and answers with a key."""
    az = folder / "az"
    az.write_text('#!/bin/sh\necho "$@" >>"$(dirname "$0")/calls"\necho "key-$8-$9"\n')
    az.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", **VALUES, **without}
    return subprocess.run(["sh", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True)


def test_each_door_for_senders_is_an_output() -> None:
    paths = {
        str(output["value"]).partition("}")[2].rstrip("'")
        for output in parsed(INFRA / "main.bicep")["outputs"].values()
        if "/" in str(output["value"])
    }
    assert paths == set(routes("sender", "secure_sender", "signature").values())


def test_it_prints_every_door_and_how_to_set_a_key_and_makes_none(tmp_path: Path) -> None:
    done = printed(tmp_path)
    assert done.returncode == 0, done.stderr
    for route in routes("sender", "secure_sender", "signature").values():
        assert f"{VALUES['API_URL']}{route}\n" in done.stdout
    for function in routes("sender"):
        assert f"-n func-abc --function-name {function} --key-name {function}-1\n" in done.stdout
    assert VALUES["DASHBOARD_URL"] in done.stdout
    assert not (tmp_path / "calls").exists()


def test_asked_to_it_makes_a_key_for_each_sender_of_its_own(tmp_path: Path) -> None:
    done = printed(tmp_path, "--make-keys")
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == done.stdout.count("x-functions-key: key-") == len(routes("sender"))
    for call, function in zip(calls, routes("sender"), strict=True):
        assert call.startswith("functionapp function keys set --resource-group rg-dev --name func-abc")
        assert f"--function-name {function} --key-name {function}-1 " in call


@pytest.mark.parametrize("name", ["FUNCTION_APP_NAME", "AZURE_RESOURCE_GROUP", "API_URL"])
def test_it_says_what_it_misses(tmp_path: Path, name: str) -> None:
    done = printed(tmp_path, **{name: ""})
    assert done.returncode != 0
    assert f"{name}: not set: run azd provision first" in done.stderr
