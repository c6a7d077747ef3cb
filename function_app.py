"""The Functions app: every trigger is in a blueprint of `rca_core.triggers`."""

import azure.functions as func

from rca_core.triggers import (
    clock,
    dead_letters,
    jira,
    live,
    owners,
    slack,
    system,
    tickets,
    webhooks,
    workers,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (webhooks, workers, tickets, live, system, owners, clock, dead_letters, jira, slack):
    app.register_functions(module.blueprint)
