"""The Functions app: every trigger is in a blueprint of `rca_core.triggers`."""

import azure.functions as func

from rca_core.triggers import clock, live, owners, system, tickets, webhooks, workers

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (webhooks, workers, tickets, live, system, owners, clock):
    app.register_functions(module.blueprint)
