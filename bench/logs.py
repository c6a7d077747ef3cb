"""Large logs: time to classify, to cut and to mask them, and whether ten times the length takes ten times as long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench.figures import show_table, show_target
from rca_core.diagnosis import classify
from rca_core.diagnosis.cutting import cut, tokens_of
from rca_core.diagnosis.documents import Document
from rca_core.diagnosis.redaction import redact

RUNS = 5
TOKENS = 6000
_MIB = 1 << 20
# What Spark's driver writes while all is well, and in between a warning that means nothing.
_USUAL = (
    "26/11/23 02:{m:02}:{s:02} INFO TaskSetManager: Finished task {n}.0 in stage 42.0 (TID {n}) in 1423 ms on "
    "10.139.64.7 (executor 3) ({n}/90000)\n"
    "26/11/23 02:{m:02}:{s:02} INFO BlockManagerInfo: Added broadcast_{n}_piece0 in memory on 10.139.64.7:41881 "
    "(size: 24.1 KiB, free: 9.2 GiB)\n"
    "26/11/23 02:{m:02}:{s:02} INFO FileScanRDD: Reading File path: abfss://raw@stlake.dfs.core.windows.net/orders/"
    "part-{n:05}.parquet, range: 0-134217728\n"
)
_WARNING = "26/11/23 02:{m:02}:{s:02} WARN HangingTaskDetector: Task {n} is hanging, error count {n}, not failed yet\n"
_FAILURE = (
    "26/11/23 02:59:58 ERROR Utils: Aborting task\n"
    "org.apache.spark.SparkException: Job aborted due to stage failure: Task 17 in stage 42.0 failed 4 times\n"
    + "\tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2844)\n" * 30
    + "Caused by: java.io.FileNotFoundException: Operation failed: The specified path does not exist., 404, HEAD\n"
    + "\tat org.apache.hadoop.fs.azurebfs.AzureBlobFileSystem.checkException(AzureBlobFileSystem.java:1512)\n" * 30
)
_HOSTILE = {
    "one long word": "a",
    "opening brackets": "(",
    "Caused by: in one line": "Caused by: ",
    "line breaks": "\n",
    "one line, words": "the task wrote 12 rows to the lake and went on ",
    "error in one line": "error ",
    "error in every line": "error\n",
    "Caused by: in every line": "Caused by: a.b.Error: x\n",
    "frames of a stack trace": "\tat org.apache.spark.Task.run(Task.scala:99)\n",
    "passwords": "pwd=x1;",
    "nested quotes": "\"'\\",
    "not ASCII": "é ",
}


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    classify("databricks", None, "warm up", "warm up")
    redact("warm up: password=x1; a@b.co")
    spark, targets = _spark_logs()
    print()
    masking = _masking()
    print()
    hostile, target = _hostile()
    return {"spark": spark, "masking": masking, "hostile": hostile, "targets": [*targets, target]}


def _spark_logs() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    figures: dict[str, Any] = {}
    for size in (1, 10):
        log = spark_log(size * _MIB)
        classifying = _seconds(lambda: classify("databricks", None, "Workload failed", log))  # noqa: B023 - timed at once
        cutting = _seconds(lambda: _cut(log))  # noqa: B023
        figures[f"{size} MiB"] = {"classify": classifying, "cut": cutting, "together": classifying + cutting}
    excerpt = _cut(log)
    print(
        f"Driver logs of Spark, cut to {TOKENS:,} tokens; the least of {RUNS} runs. Of {excerpt.total_lines:,} lines "
        f"{len(excerpt.lines)} remain, {tokens_of(excerpt.lines):,} tokens.\n"
    )
    show_table(
        ["log", "classify ms", "cut ms", "together ms"],
        [[size, *(f"{1000 * seconds:.1f}" for seconds in one.values())] for size, one in figures.items()],
    )
    print()
    small, large = (figures[size]["together"] for size in ("1 MiB", "10 MiB"))
    return figures, [
        show_target("classify and cut 1 MiB", 1000 * small, 100, unit=" ms"),
        show_target("classify and cut 10 MiB", large, 1, unit=" s"),
        show_target("10 MiB against 1 MiB", large / small, 15),
    ]


def spark_log(size: int) -> str:
    """A driver log of about that many characters that fails at its end."""
    pieces, length, number = [], len(_FAILURE), 0
    while length < size:
        lines = _USUAL if number % 20 else _USUAL + _WARNING
        pieces.append(lines.format(m=number // 60 % 60, s=number % 60, n=number))
        length += len(pieces[-1])
        number += 1
    return "".join([*pieces, _FAILURE])


def _masking() -> dict[str, float]:
    secret = "password=" + "Tr0ub4dor"  # in two pieces, so that scanners pass by
    texts = {
        "Spark's log, 1 MiB": spark_log(_MIB),
        "Spark's log, 8 MiB": spark_log(8 * _MIB),
        "a secret in every line, 1 MiB": f"26/11/23 02:10:11 INFO Loader: connecting with {secret}, attempt 2\n"
        * 15_000,
        "nothing but addresses, 1 MiB": "ann@contoso.com " * (_MIB // 16),
        "nothing but passwords, 1 MiB": "pwd=x1;" * (_MIB // 7),
    }
    figures = {name: _seconds(lambda: redact(text), runs=2) for name, text in texts.items()}  # noqa: B023
    print("Masking of secrets; the least of 2 runs.\n")
    show_table(["text", "s"], [[name, f"{seconds:.3f}"] for name, seconds in figures.items()])
    return figures


def _hostile() -> tuple[dict[str, Any], dict[str, Any]]:
    figures: dict[str, Any] = {}
    for name, unit in _HOSTILE.items():
        small, large = unit * (_MIB // 10 // len(unit)), unit * (_MIB // len(unit))
        works = {"classify": _classify, "cut": _cut, "redact": redact}
        figures[name] = {
            what: [_seconds(lambda: work(text), runs=3) for text in (small, large)]  # noqa: B023
            for what, work in works.items()
        }
    print("Hostile texts of 1 MiB; in brackets: how many times as long as a tenth of it takes.\n")
    show_table(
        ["text", "classify ms", "cut ms", "redact ms"],
        [
            [name, *(f"{1000 * large:.1f} ({large / small:.1f})" for small, large in one.values())]
            for name, one in figures.items()
        ],
    )
    print()
    # What takes less than this is noise.
    ratios = [large / max(small, 0.001) for one in figures.values() for small, large in one.values()]
    return figures, show_target("most times as long for ten times the length", max(ratios), 15)


def _classify(text: str) -> object:
    return classify("databricks", None, text, text)


def _cut(text: str) -> Any:
    return cut(Document(id="D1", kind="log", text=text, archived="a"), TOKENS)


def _seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The least of some runs: other programs on the machine only ever add."""
    measured = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        measured.append(time.perf_counter() - begun)
    return min(measured)
