"""Senders that prove themselves by a token of the tenant, or by user and password."""

import hmac
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rca_core.access import senders
from rca_core.access.secure_webhook import Expected, Keys, check_token
from rca_core.foundation.door_settings import DoorSettings, EntraSettings
from rca_core.foundation.errors import OutsideTrouble, Unauthorized
from rca_core.foundation.settings import read_settings
from tests.access.tokens_of_entra import AZURE_MONITOR_APP, DATABRICKS_APP, TENANT, Tenant, tenant

USER, OLD, NEW = "databricks", "-".join(("old", "one", "4711")), "-".join(("new", "one", "4712"))


@pytest.fixture(scope="module")
def entra() -> Iterator[Tenant]:
    with tenant() as running:
        yield running


def doors(**settings: str) -> DoorSettings:
    return read_settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true", **settings}).doors


def prove(entra: Tenant, token: str, sender: senders.SecureSender = "azure-monitor") -> None:
    senders.prove(sender, {"authorization": f"Bearer {token}"}, doors(**entra.settings))


def test_azure_monitor_is_let_in_by_its_token(entra: Tenant) -> None:
    prove(entra, entra.token())


def test_clocks_may_differ_by_a_minute(entra: Tenant) -> None:
    now = int(time.time())
    prove(entra, entra.token(exp=now - 30))
    prove(entra, entra.token(nbf=now + 30, iat=now + 30))


ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": 1_700_000_000}, "expired"),
    "not yet valid": ({"nbf": 4_000_000_000}, "not valid"),
    "without an end": ({"exp": None}, "not valid"),
    "for another app": ({"aud": "another"}, "aud"),
    "for nobody": ({"aud": None}, "not valid"),
    "from another tenant": ({"iss": "https://login.microsoftonline.com/another/v2.0"}, "iss"),
    "asked for by another app": ({"azp": "another"}, "azp"),
    "asked for by nobody": ({"azp": None}, "azp"),
    "without the role": ({"roles": []}, "ActionGroupsSecureWebhook"),
    "with roles that are a text": ({"roles": "ActionGroupsSecureWebhook"}, "ActionGroupsSecureWebhook"),
    "with another role": ({"roles": ["Reader"]}, "ActionGroupsSecureWebhook"),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_token_that_is_not_for_this_is_refused_with_the_reason(entra: Tenant, what: str) -> None:
    change, word = ATTACKS[what]
    with pytest.raises(Unauthorized, match=word):
        prove(entra, entra.token(**change))


def test_a_token_signed_by_somebody_else_is_refused(entra: Tenant) -> None:
    foreign = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    with pytest.raises(Unauthorized, match="InvalidSignature"):
        prove(entra, entra.token(signed_with=foreign))


def test_a_token_that_was_changed_is_refused(entra: Tenant) -> None:
    head, _, signature = entra.token().split(".")
    claims = urlsafe_b64encode(json.dumps(entra.claims(roles=["ActionGroupsSecureWebhook", "x"])).encode()).rstrip(b"=")
    with pytest.raises(Unauthorized, match="InvalidSignature"):
        prove(entra, f"{head}.{claims.decode()}.{signature}")


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=").decode()])


def test_no_signature_is_no_signature(entra: Tenant) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        with pytest.raises(Unauthorized, match="RS256"):
            prove(entra, unsigned({"alg": algorithm, "kid": "first"}, entra.claims()))


def test_the_public_key_is_no_secret_to_sign_with(entra: Tenant) -> None:
    pem = entra.keys["first"].public_key()
    public = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = unsigned({"alg": "HS256", "kid": "first"}, entra.claims()).rpartition(".")[0]
    forged = hmac.new(public, head.encode(), sha256).digest()
    with pytest.raises(Unauthorized, match="RS256"):
        prove(entra, f"{head}.{urlsafe_b64encode(forged).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer x", "Bearer a.b.c", "Bearer ü.ü.ü", "Bearer " + "a" * 20_000],
)
def test_what_is_no_token_is_refused(entra: Tenant, shown: str) -> None:
    with pytest.raises(Unauthorized):
        senders.prove("azure-monitor", {"authorization": shown}, doors(**entra.settings))


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_keys_are_fetched_once_and_again_for_a_new_one_but_not_for_made_up_ones() -> None:
    with tenant() as there:
        seconds = Seconds()
        settings = EntraSettings(tenant_id=TENANT, audiences=("x",), authority_url=there.url)
        keys = Keys(settings, seconds)
        assert keys.find("first") is not None
        assert keys.find("first") is not None
        assert there.fetched == 1
        there.add_key("second")
        for number in range(100):
            assert keys.find(f"made up {number}") is None
        assert there.fetched == 1
        seconds.now += 61
        assert keys.find("second") is not None
        assert there.fetched == 2


def test_trouble_with_entra_stops_nobody_whose_key_is_known_and_is_told_to_others_as_passing() -> None:
    with tenant() as there:
        seconds = Seconds()
        settings = EntraSettings(tenant_id=TENANT, audiences=("x",), authority_url=there.url)
        known, unknown = Keys(settings, seconds), Keys(settings, seconds)
        assert known.find("first") is not None
        there.down = True
        seconds.now += 25 * 3_600
        assert known.find("first") is not None
        with pytest.raises(OutsideTrouble, match="cannot be fetched"):
            unknown.find("first")


def test_a_retired_key_is_good_no_longer() -> None:
    with tenant() as there:
        seconds = Seconds()
        settings = EntraSettings(tenant_id=TENANT, audiences=("x",), authority_url=there.url)
        keys = Keys(settings, seconds)
        old = there.token()
        there.add_key("second")
        del there.keys["first"]
        assert keys.find("second") is not None
        with pytest.raises(Unauthorized, match="key that the tenant does not have"):
            check_token(f"Bearer {old}", settings, keys, Expected(AZURE_MONITOR_APP))


def test_databricks_shows_a_token_of_its_own_app(entra: Tenant) -> None:
    prove(entra, entra.token(azp=None, appid=DATABRICKS_APP, roles=None), "databricks")
    with pytest.raises(Unauthorized, match="azp"):
        prove(entra, entra.token(), "databricks")


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def test_databricks_shows_user_and_password_old_and_new_while_they_are_exchanged() -> None:
    known = doors(DATABRICKS_WEBHOOK_USER=USER, DATABRICKS_WEBHOOK_PASSWORD=f"{OLD} {NEW}")
    for password in (OLD, NEW):
        senders.prove("databricks", basic(USER, password), known)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(USER, ""),
        basic(USER, OLD[:-1]),
        basic("", OLD),
        basic("other", OLD),
        basic(USER, f"{OLD} {NEW}"),
        {"authorization": "Basic ="},
        {"authorization": "Basic ü"},
        {"authorization": "Digest x"},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    known = doors(DATABRICKS_WEBHOOK_USER=USER, DATABRICKS_WEBHOOK_PASSWORD=f"{OLD} {NEW}")
    with pytest.raises(Unauthorized):
        senders.prove("databricks", headers, known)


def test_a_door_without_settings_is_shut_and_says_which_are_missing() -> None:
    with pytest.raises(Unauthorized, match="ENTRA_TENANT_ID and SECURE_WEBHOOK_AUDIENCE are not set"):
        senders.prove("azure-monitor", {"authorization": "Bearer x"}, DoorSettings())
    with pytest.raises(Unauthorized, match="DATABRICKS_WEBHOOK_USER and DATABRICKS_WEBHOOK_PASSWORD are not set"):
        senders.prove("databricks", basic("", ""), DoorSettings())
    with pytest.raises(Unauthorized, match="DATABRICKS_WEBHOOK_CLIENT_ID"):
        senders.prove("databricks", {"authorization": "Bearer x"}, DoorSettings())
