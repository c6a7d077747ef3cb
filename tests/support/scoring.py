"""How well labelled errors are classified: accuracy, macro-F1, `retryable`, and what was missed."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rca_core.diagnosis import CATEGORIES, classify

Case = dict[str, Any]


@dataclass
class Score:
    """The share (0 to 1) of `count` cases whose category, and whose `retryable`, is the labelled one; `macro_f1` is
    the mean over the categories that occur. `report` tells it all, with the misses.
    """

    count: int
    accuracy: float
    macro_f1: float
    retryable: float
    report: str


def labelled(path: Path) -> list[Case]:
    """The cases of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def score(title: str, cases: Iterable[Case]) -> Score:
    """Classifies the cases and compares with their labels."""
    right: list[bool] = []
    retryable: list[bool] = []
    by_category, by_source = defaultdict(list), defaultdict(list)
    pairs: Counter[tuple[str, str]] = Counter()
    misses = []
    for case in cases:
        found = classify(case["source"], case.get("error_code"), case.get("message"), case.get("log"))
        right.append(found.category == case["category"])
        retryable.append(found.retryable == case["retryable"])
        pairs[case["category"], found.category] += 1
        by_category[case["category"]].append(right[-1])
        by_source[case["source"]].append(right[-1])
        if not right[-1]:
            misses.append(f"  {case['id']}: {case['category']}, got {found.category} ({found.reason})")
    accuracy, f1, retried = _share(right), _macro_f1(pairs), _share(retryable)
    lines = [
        f"{title}: {len(right)} cases: accuracy {accuracy:.3f}, macro-F1 {f1:.3f}, retryable {retried:.3f}",
        *_table("by category", by_category),
        *_table("by source", by_source),
        *(["misses", *misses] if misses else []),
    ]
    return Score(len(right), accuracy, f1, retried, "\n".join(lines))


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def _macro_f1(pairs: Counter[tuple[str, str]]) -> float:
    scores = []
    for name in CATEGORIES:
        said = sum(times for (_, got), times in pairs.items() if got == name)
        meant = sum(times for (want, _), times in pairs.items() if want == name)
        if meant:
            scores.append(2 * pairs[name, name] / (said + meant))
    return sum(scores) / len(scores)


def _table(title: str, rows: dict[str, list[bool]]) -> list[str]:
    return [
        title,
        *(f"  {name:22} {sum(hits):4}/{len(hits):<4} {_share(hits):.3f}" for name, hits in sorted(rows.items())),
    ]
