"""Failure -> Diagnosis: the classifier, the catalogue of known errors and the rule-based analysis.

Importing this package is cheap: RE2 and the catalogue are loaded by the first call.
"""

from rca_core.diagnosis.categories import CATEGORIES, Category
from rca_core.diagnosis.classifier import Classification, classify
from rca_core.diagnosis.diagnosis import Diagnosis, Evidence
from rca_core.diagnosis.rules import analyse

__all__ = ["CATEGORIES", "Category", "Classification", "Diagnosis", "Evidence", "analyse", "classify"]
