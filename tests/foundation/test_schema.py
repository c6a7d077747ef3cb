"""The version that stored rows carry, and the settings of retention."""

import pytest

from rca_core.foundation.errors import SettingsError
from rca_core.foundation.retention_settings import RetentionSettings
from rca_core.foundation.schema import COLUMN, SCHEMA, NewerData, refuse_newer, stamped, version_of
from rca_core.foundation.settings import read_settings


def test_a_row_carries_the_version_and_one_without_is_the_oldest() -> None:
    assert version_of(stamped({"RowKey": "x"})) == SCHEMA
    assert version_of({"RowKey": "x"}) == 0
    refuse_newer({"RowKey": "x"})


def test_a_row_of_a_later_release_is_refused_in_words() -> None:
    with pytest.raises(NewerData, match="follows schema 99 of the stored data") as refused:
        refuse_newer({"RowKey": "x", COLUMN: 99})
    assert refused.value.status == 503


def test_retention_is_read_and_nothing_is_removed_on_a_mistake() -> None:
    given = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "RETENTION_TICKETS_DAYS": "0"}
    assert read_settings(given).retention == RetentionSettings(tickets=0)
    with pytest.raises(SettingsError, match="RETENTION_LOGS_DAYS is a number of days"):
        read_settings({**given, "RETENTION_LOGS_DAYS": "a year"})
