"""`make check`: it tells a clean answer from no answer."""

from typing import Any

import pytest

from devhost import check

VULNERABLE = {"name": "left-pad", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1"}]}
UNKNOWN = {"name": "left-pad", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def answering(monkeypatch: pytest.MonkeyPatch, report: dict[str, Any]) -> None:
    monkeypatch.setattr(check, "_json_of", lambda command: report)


@pytest.mark.parametrize("report", [{}, {"dependencies": [UNKNOWN]}, {"message": "405 Method Not Allowed"}])
def test_registries_that_do_not_answer_are_said_to_and_break_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], report: dict[str, Any]
) -> None:
    answering(monkeypatch, report)
    assert not check._pip_audit()
    assert not check._npm_audit(".")
    assert capsys.readouterr().out.count("not reachable, skipped") == 2


def test_a_finding_fails_until_it_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, {"dependencies": [VULNERABLE, UNKNOWN]})
    assert check._pip_audit()
    assert "PYSEC-2026-1 in left-pad 1.0: NOT ACCEPTED" in capsys.readouterr().out
    monkeypatch.setitem(check._ACCEPTED, "PYSEC-2026-1", "only pads what is ours")
    assert not check._pip_audit()
    assert "only pads what is ours" in capsys.readouterr().out


def test_findings_of_npm_are_told_by_advisory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    via = {"url": "https://github.com/advisories/GHSA-1", "severity": "high"}
    answering(monkeypatch, {"vulnerabilities": {"azurite": {"via": [via, "another"]}}})
    assert check._npm_audit(".")
    assert "GHSA-1 in azurite (high)" in capsys.readouterr().out


def test_a_clean_answer_says_how_much_was_looked_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, {"dependencies": [{"name": "x", "version": "1", "vulns": []}, UNKNOWN]})
    assert not check._pip_audit()
    assert "clean; 1 of 2 packages were looked up" in capsys.readouterr().out


def test_a_tool_that_is_not_there_is_no_clean_answer() -> None:
    assert check._json_of(["no-such-tool-anywhere"]) == {}
