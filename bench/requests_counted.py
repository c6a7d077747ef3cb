"""Storage requests for a new failure and for a duplicate, counted in Azurite's access log."""

from __future__ import annotations

import collections
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.alert import alert
from bench.figures import show_table, show_target
from devhost.azurite import Azurite
from tests.support.app import App, wait_for

SAMPLES = 5
BURST = 100
_LINE = re.compile(r'"(?P<method>[A-Z]+) /devstoreaccount1/(?P<path>\S*) HTTP/[\d.]+" (?P<status>\d+)')
_TICKET = "submit_transaction: ticket, list row, audit entry, counts"
# What a request is, by its method and the beginning of its path (queues and tables are the app's; Azurite's three
# services listen on ports of their own, but write one log, so that the path has to tell them apart).
_MEANINGS = (
    ("POST", "runs", "table", "insert the claim on the run", "webhook"),
    ("GET", "runs(", "table", "read the claim that is there", "webhook"),
    ("POST", "failures/messages", "queue", "put the failure on the queue", "webhook"),
    ("GET", "failures/messages", "queue", "receive (poll)", "host"),
    ("GET", "tickets(PartitionKey='{month}',RowKey='C", "table", "read the row of counts", "triage"),
    ("GET", "tickets(", "table", "look whether the ticket exists", "triage"),
    ("PUT", "archive/", "blob", "archive the payload", "triage"),
    ("POST", "$batch", "table", _TICKET, "triage"),
    ("PATCH", "runs(", "table", "note the report on the claim", "triage, after the ticket"),
    ("POST", "live-updates/messages", "queue", "announce the ticket", "triage, after the ticket"),
    ("DELETE", "failures/messages/", "queue", "delete the message", "host, after the ticket"),
    ("GET", "live-updates/messages", "queue", "receive the announcement (poll)", "host, after the ticket"),
    ("DELETE", "live-updates/messages/", "queue", "delete the announcement", "host, after the ticket"),
)
