"""Which pages may act for a signed-in person."""

import pytest

from rca_core.access.origins import comes_from, cors_headers, is_foreign, origin_of, own_origins
from rca_core.foundation.errors import SettingsError
from rca_core.foundation.settings import read_settings

OWN = own_origins("https://rca.example.com/api/tickets", "https://dashboard.example.com/start")


def test_our_own_page_is_where_the_call_arrived_and_where_people_reach_the_app() -> None:
    assert {"https://rca.example.com", "https://dashboard.example.com"} == OWN
    assert own_origins("http://127.0.0.1:7071/api/x", "") == {"http://127.0.0.1:7071"}


@pytest.mark.parametrize(
    ("headers", "ours", "foreign"),
    [
        ({"origin": "https://rca.example.com"}, True, False),
        ({"origin": "https://RCA.example.com"}, True, False),
        ({"sec-fetch-site": "same-origin"}, True, False),
        ({}, False, False),
        ({"origin": "null"}, False, True),
        ({"origin": ""}, False, True),
        ({"origin": "http://rca.example.com"}, False, True),
        ({"origin": "https://rca.example.com:8443"}, False, True),
        ({"origin": "https://rca.example.com.evil.net"}, False, True),
        ({"origin": "https://evil.net", "sec-fetch-site": "same-origin"}, False, True),
        ({"origin": "https://rca.example.com,https://evil.net"}, False, True),
        ({"sec-fetch-site": "cross-site"}, False, True),
        ({"sec-fetch-site": "same-site"}, False, True),
        ({"sec-fetch-site": "none"}, False, False),
    ],
)
def test_a_page_is_known_by_its_whole_origin(headers: dict[str, str], ours: bool, foreign: bool) -> None:
    assert comes_from(headers, OWN) is ours
    assert is_foreign(headers, OWN) is foreign


def test_only_an_allowed_page_may_read_answers_and_no_wildcard_is_ever_sent() -> None:
    assert cors_headers({"origin": "https://evil.net"}, OWN) == {}
    assert cors_headers({}, OWN) == {}
    allowed = cors_headers({"origin": "https://dashboard.example.com"}, OWN)
    assert allowed["Access-Control-Allow-Origin"] == "https://dashboard.example.com"
    assert allowed["Access-Control-Allow-Credentials"] == "true"
    assert "*" not in str(allowed)


@pytest.mark.parametrize("address", ["", "/api", "nonsense", "https://[", "//x"])
def test_what_is_no_address_has_no_origin(address: str) -> None:
    assert origin_of(address) == ""


@pytest.mark.parametrize(
    "value",
    ["*", "https://*.example.com", "https://a.example.com/", "https://a.example.com/x", "a.example.com", "null"],
)
def test_the_setting_takes_whole_origins_only(value: str) -> None:
    with pytest.raises(SettingsError, match="ALLOWED_ORIGINS"):
        read_settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true", "ALLOWED_ORIGINS": value})


def test_several_origins_may_be_set() -> None:
    read = read_settings(
        {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "ALLOWED_ORIGINS": "https://a.example.com http://localhost:5173",
        }
    )
    assert read.doors.allowed_origins == ("https://a.example.com", "http://localhost:5173")
