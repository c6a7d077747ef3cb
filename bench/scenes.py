"""Failures as they come in a data platform, for storage that is filled without senders: `bench.seed`."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple

from rca_core.diagnosis import Diagnosis, analyse, classify
from rca_core.foundation.failure import Failure, Source
from rca_core.tickets.case import Case
from rca_core.tickets.severity import severity_of
from rca_core.tickets.ticket import Severity


class Scene(NamedTuple):
    """What fails, by a title that names the pipeline, and what is said of it."""

    source: Source
    title: str
    error_code: str | None
    message: str
    alert_severity: str | None = None


class Owner(NamedTuple):
    """Who owns pipelines whose names contain `word`."""

    word: str
    team: str
    owner: str
    cost_center: str


SCENES = (
    Scene(
        "adf",
        "Pipeline {} failed at CopyToLake (2200)",
        "2200",
        "Client with IP address 20.61.40.7 is not allowed to access the server.",
        "Sev1",
    ),
    Scene(
        "adf",
        "Pipeline {} failed at LoadStage (SqlFailedToConnect)",
        "SqlFailedToConnect",
        "Cannot connect to SQL Database: 'sql-retail.database.windows.net', Database: 'stage'."
        " Login failed for user 'etl'.",
    ),
    Scene(
        "adf",
        "Pipeline {} failed at ReadManifest (UserErrorSourceBlobNotExist)",
        "UserErrorSourceBlobNotExist",
        'The required Blob is missing: "manifests/today.csv".',
    ),
    Scene(
        "adf",
        "Pipeline {} failed at CallPartner (2108)",
        "2108",
        "Error calling the endpoint 'https://partner.example.com/v1'. Response status code: 503.",
    ),
    Scene(
        "databricks",
        "Job {} failed",
        "DRIVER_ERROR",
        "The driver ran out of memory: java.lang.OutOfMemoryError: Java heap space",
        "Sev0",
    ),
    Scene(
        "databricks",
        "Job {} failed at clean",
        "RUN_EXECUTION_ERROR",
        "AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `amount` cannot be resolved.",
    ),
    Scene(
        "databricks",
        "Job {} could not start its cluster",
        "CLOUD_FAILURE",
        "QuotaExceeded: Operation could not be completed as it results in exceeding approved Total Regional Cores"
        " quota.",
    ),
    Scene("airflow", "Task merge of DAG {} failed", None, "psycopg2.errors.DeadlockDetected: deadlock detected"),
    Scene(
        "airflow",
        "Task transform of DAG {} failed",
        None,
        "TypeError: transform() missing 1 required positional argument: 'ds'",
    ),
    Scene(
        "airflow",
        "Task fetch of DAG {} failed",
        None,
        "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.example.org', port=443): Max retries"
        " exceeded",
    ),
    Scene("azure-monitor", "Alert {} fired", None, "Percentage CPU is above 95 for 15 minutes.", "Sev2"),
    Scene(
        "azure-monitor", "Alert {} fired", None, "The service principal's secret has expired: AADSTS7000222.", "Sev3"
    ),
)

_OWNERS = (
    Owner("orders", "Orders", "Ann Lee", "CC-104"),
    Owner("sales", "Sales Analytics", "Tom Berg", "CC-210"),
    Owner("stock", "Supply Chain", "Mia Rossi", "CC-330"),
    Owner("billing", "Finance Data", "José Núñez", "CC-415"),
    Owner("clicks", "Web & App", "Kim Park", "CC-520"),
    Owner("", "Unknown", "Unknown", "Unknown"),
)
_SUBJECTS = ("orders", "sales", "stock", "billing", "clicks", "weather")
_STEPS = ("load", "clean", "merge", "publish", "reconcile")
_RHYTHMS = ("hourly", "daily")
_PREFIX_OF: dict[Source, str] = {"adf": "pl_", "databricks": "job_", "airflow": "dag_", "azure-monitor": "alert_"}


def pipeline_of(source: Source, random: Random) -> str:
    """A pipeline of the source: of its sixty, some fail far more often than others."""
    subject = random.choices(_SUBJECTS, weights=(8, 5, 4, 3, 2, 1))[0]
    return f"{_PREFIX_OF[source]}{random.choice(_STEPS)}_{subject}_{random.choice(_RHYTHMS)}"


def owner_of(pipeline: str) -> Owner:
    """Who owns it."""
    return next(owner for owner in _OWNERS if owner.word in pipeline)


@cache
def diagnosed(scene: Scene, pipeline: str) -> tuple[Case, Diagnosis, Severity, str]:
    """The failure of a pipeline as the app sees it: case, diagnosis by rules, severity and why it has that."""
    failure = Failure(
        source=scene.source,
        run_key=(scene.source, pipeline),
        report_key="seeded",
        pipeline=pipeline,
        title=scene.title.format(pipeline),
        message=scene.message,
        error_code=scene.error_code,
        alert_severity=scene.alert_severity,
        entity={"pipeline": pipeline},
        labels={"environment": "prod"},
    )
    verdict = classify(failure.source, failure.error_code, failure.message, None)
    case = Case(failure, (), verdict)
    diagnosis = analyse(failure, verdict)
    return case, diagnosis, *severity_of(failure, diagnosis.category)
