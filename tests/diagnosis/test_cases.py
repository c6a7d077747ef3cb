"""How well the labelled cases are classified. `RCA_CASES` names the folder that holds errors.jsonl."""

import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from rca_core.diagnosis import CATEGORIES, classify

FLOOR = 0.80
FOLDER = Path(os.environ.get("RCA_CASES") or Path(__file__).parents[2] / "../shared/cases")


def _table(title: str, rows: dict[str, list[bool]]) -> list[str]:
    return [
        title,
        *(f"  {name:22} {sum(ok):4}/{len(ok):<4} {sum(ok) / len(ok):.3f}" for name, ok in sorted(rows.items())),
    ]


def test_accuracy_on_the_labelled_cases(record_property: Any) -> None:
    path = FOLDER / "errors.jsonl"
    if not path.is_file():
        pytest.skip(f"no labelled cases at {path}; RCA_CASES names their folder")
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    by_category, by_source, retryable = defaultdict(list), defaultdict(list), []
    pairs: Counter[tuple[str, str]] = Counter()
    misses = []
    for case in cases:
        result = classify(case["source"], case.get("error_code"), case.get("message"), case.get("log"))
        right = result.category == case["category"]
        pairs[case["category"], result.category] += 1
        by_category[case["category"]].append(right)
        by_source[case["source"]].append(right)
        retryable.append(result.retryable == case["retryable"])
        if not right:
            misses.append(f"  {case['id']}: {case['category']}, got {result.category} ({result.reason})")
    right = sum(sum(ok) for ok in by_category.values())
    accuracy = right / len(cases)
    scores = []
    for name in CATEGORIES:
        hits = pairs[name, name]
        said = sum(times for (_, got), times in pairs.items() if got == name)
        meant = sum(times for (want, _), times in pairs.items() if want == name)
        if meant:
            scores.append(2 * hits / (said + meant))
    lines = [
        f"{len(cases)} cases: accuracy {accuracy:.3f}, macro-F1 {sum(scores) / len(scores):.3f}, "
        f"retryable {sum(retryable) / len(retryable):.3f}",
        *_table("by category", by_category),
        *_table("by source", by_source),
        *(["misses", *misses] if misses else []),
    ]
    report = "\n".join(lines)
    print(f"\n{report}")
    record_property("accuracy", round(accuracy, 3))
    assert accuracy >= FLOOR, report
