"""The two tables of roles: whole, and obeyed when the app is loaded."""

from typing import get_args

import azure.functions as func
import pytest

from rca_core.access.principal import ROLES
from rca_core.access.roles import CALLERS, LEAST_ROLE, Permission, may
from rca_core.triggers.http import endpoint
from tests.support.functions import http_functions


def test_every_permission_has_a_least_role_and_higher_roles_have_it_too() -> None:
    assert set(LEAST_ROLE) == set(get_args(Permission))
    for permission, least in LEAST_ROLE.items():
        allowed = [role for role in ROLES if may(role, permission)]
        assert allowed == list(ROLES[ROLES.index(least) :])


def test_the_table_names_the_functions_of_the_app_and_no_others() -> None:
    assert set(CALLERS) == set(http_functions())


def test_a_function_that_the_table_does_not_name_cannot_be_made() -> None:
    def get_everything(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse()

    with pytest.raises(TypeError, match="does not say who may call get_everything"):
        endpoint(get_everything)


def test_every_function_of_the_app_goes_through_the_guard() -> None:
    for name, function in http_functions().items():
        assert function.get_user_function().__name__ == name
        assert function.get_user_function().__code__.co_filename.endswith("triggers/http.py"), name


def test_the_host_asks_for_a_key_just_where_a_sender_shows_one() -> None:
    for name, function in http_functions().items():
        asked = function.get_trigger().auth_level.value.upper()
        assert asked == ("FUNCTION" if CALLERS[name] == "sender" else "ANONYMOUS"), name
