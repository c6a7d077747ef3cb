"""How well the labelled cases are classified. `RCA_CASES` names the folder that holds errors.jsonl."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.scoring import labelled, score

ACCURACY = 0.95
RETRYABLE = 0.90


def test_accuracy_on_the_labelled_cases(cases: Path, record_property: Any) -> None:
    path = cases / "errors.jsonl"
    if not path.is_file():
        pytest.skip(f"no labelled cases at {path}; RCA_CASES names their folder")
    found = score("labelled", labelled(path))
    print(f"\n{found.report}")
    record_property("accuracy", round(found.accuracy, 3))
    assert found.accuracy >= ACCURACY, found.report
    assert found.retryable >= RETRYABLE, found.report
