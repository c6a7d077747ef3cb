"""The Functions app: every trigger is in a blueprint of `rca_core.triggers`."""

import azure.functions as func

from rca_core.foundation.codecs import learn_types
from rca_core.triggers import (
    accounts,
    analytics,
    clock,
    dead_letters,
    exports,
    jira,
    live,
    owners,
    samples,
    slack,
    system,
    tickets,
    users,
    webhooks,
    workers,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
    webhooks,
    accounts,
    users,
    workers,
    tickets,
    live,
    system,
    owners,
    clock,
    dead_letters,
    jira,
    slack,
    samples,
    analytics,
    exports,
):
    app.register_functions(module.blueprint)

# The worker's threads start after this module was read.
learn_types()
