"""The app's identity has the roles that its functions need, on the resource that they need it on, and no other."""

from typing import Any

from rca_core.foundation.queues import Queue
from tests.infra.templates import INFRA, parsed
from tests.support.functions import functions

# "Azure built-in roles", Azure RBAC documentation.
BUILT_IN = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7e4f1700-ea5a-4f59-8f37-079cfe29dce3": "SignalR Service Owner",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
# What a binding of a function, or the app's own client, needs.
OF_A_BINDING = {
    "queueTrigger": ("account", "Storage Queue Data Contributor"),
    "signalR": ("signalR", "SignalR Service Owner"),
    "signalRConnectionInfo": ("signalR", "SignalR Service Owner"),
    # Leases of timers are blobs of the host.
    "timerTrigger": ("account", "Storage Blob Data Owner"),
    # Function keys are blobs of the host.
    "httpTrigger": ("account", "Storage Blob Data Owner"),
    "http": None,
}
OF_THE_CLIENTS = {
    "table": ("account", "Storage Table Data Contributor"),
    "queue": ("account", "Storage Queue Data Contributor"),
    "container": ("account", "Storage Blob Data Owner"),
}
# Not of a function: the platform reads secrets and code, the host sends telemetry.
OF_THE_PLATFORM = {
    ("vault", "Key Vault Secrets User"),
    ("applicationInsights", "Monitoring Metrics Publisher"),
    ("account", "Storage Blob Data Owner"),
}


def roles_given() -> set[tuple[str, str]]:
    template = parsed(INFRA / "app" / "roles.bicep")
    ids = template["variables"]["roles"]["value"]
    found = set()
    for resource in template["resources"].values():
        if resource["type"] == "Microsoft.Authorization/roleAssignments":
            definition = resource["config"]["properties"]["roleDefinitionId"]["function"]["parameters"]
            name = definition["resource_name_1"]["operator"]["operands"]["operand_2"]
            found.add((resource["config"]["scope"], BUILT_IN[ids[name]]))
    return found


def bindings() -> list[dict[str, Any]]:
    return [binding for function in functions().values() for binding in function.get_bindings_dict()["bindings"]]


def test_what_functions_and_clients_need_is_given_and_nothing_else() -> None:
    needed = {OF_A_BINDING[binding["type"]] for binding in bindings()} - {None}
    assert roles_given() == needed | set(OF_THE_CLIENTS.values()) | OF_THE_PLATFORM


def test_every_queue_is_in_the_account_that_the_roles_are_for() -> None:
    triggered = {binding["queueName"]: binding["connection"] for binding in bindings() if binding.get("queueName")}
    assert set(triggered) == {*(queue.value for queue in Queue), *(f"{queue.value}-poison" for queue in Queue)}
    assert set(triggered.values()) == {"AzureWebJobsStorage"}


def test_bindings_connect_by_settings_that_the_template_sets() -> None:
    settings = parsed(INFRA / "app" / "api.bicep")["variables"]["fixedSettings"]["value"]
    connections = {
        binding.get("connection") or binding.get("connectionStringSetting")
        for binding in bindings()
        if binding["type"] not in ("httpTrigger", "http", "timerTrigger")
    }
    for connection in connections:
        assert f"{connection}__clientId" in settings
        assert settings[f"{connection}__credential"] == "managedidentity"


def test_the_code_has_a_container_of_its_own() -> None:
    from rca_core.integrations.archive import ARCHIVE, WAITING

    container = parsed(INFRA / "app" / "storage.bicep")["resources"]["account__blobs__code"]["config"]["name"]
    assert container not in (ARCHIVE, WAITING)
