"""`make check`, of infra/: findings and unread files fail it, a checkov that cannot be had does not."""

from typing import Any

import pytest

from devhost import infra_check

FINDING = {
    "check_id": "CKV_AZURE_1",
    "check_name": "Ensure something",
    "resource": "Microsoft.Web/sites.app",
    "file_path": "/app/api.bicep",
    "file_line_range": [47, 89],
}


def report(*findings: dict[str, Any], unread: int = 0) -> dict[str, Any]:
    summary = {"passed": 27, "failed": len(findings), "skipped": 13, "parsing_errors": unread}
    return {"results": {"failed_checks": list(findings)}, "summary": summary}


def test_a_finding_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert infra_check.told(report(FINDING))
    assert "CKV_AZURE_1 in infra/app/api.bicep:47 (Microsoft.Web/sites.app)" in capsys.readouterr().out


def test_a_file_that_was_not_read_is_no_clean_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert infra_check.told(report(unread=1))
    assert "1 file(s) of infra/ could not be read" in capsys.readouterr().out


def test_a_clean_answer_says_what_was_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert not infra_check.told(report())
    assert "27 checks passed, 13 skipped" in capsys.readouterr().out


def test_without_checkov_the_check_says_so_and_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise infra_check.InfraCheckError("No matching distribution found for checkov")

    monkeypatch.setattr(infra_check, "_make_environment", refused)
    assert not infra_check.infra()
    assert "cannot be run, skipped: No matching distribution" in capsys.readouterr().out
