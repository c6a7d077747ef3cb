"""The Functions app: every trigger is in a blueprint of `rca_core.triggers`."""

import azure.functions as func

from rca_core.triggers import live, system, tickets, webhooks, workers

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (webhooks, workers, tickets, live, system):
    app.register_functions(module.blueprint)
