"""Failure -> Diagnosis: the classifier, the catalogue of known errors and the rule-based analysis.

Importing this package is cheap: RE2 and the catalogue are loaded by the first call.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rca_core.diagnosis.categories import CATEGORIES, Category
    from rca_core.diagnosis.classifier import Classification, classify
    from rca_core.diagnosis.diagnosis import Diagnosis, Evidence
    from rca_core.diagnosis.rules import analyse

__all__ = ["CATEGORIES", "Category", "Classification", "Diagnosis", "Evidence", "analyse", "classify"]

_HOMES = {
    "CATEGORIES": "categories",
    "Category": "categories",
    "Classification": "classifier",
    "classify": "classifier",
    "Diagnosis": "diagnosis",
    "Evidence": "diagnosis",
    "analyse": "rules",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
