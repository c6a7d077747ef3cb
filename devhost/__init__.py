"""Runs an Azure Functions Python app on a laptop, without Azure Functions Core Tools: `python -m devhost`.

It loads `function_app.py` through the public `azure.functions` package and imitates what the Functions host does
around it: HTTP with keys and routes, queue triggers with retries and poison queues, timers, and SignalR bindings
with a small SignalR service of its own. It is a tool for development and tests: the app never imports it and it is
not deployed. Not imitated: scaling out, locks between instances, keys kept in storage, App Service authentication,
Application Insights, other triggers and bindings, and `functionTimeout` ending the worker process (the invocation
fails, its thread runs on).

Settings beside those of Azure: `PORT`, `DEVHOST_DATA_DIR`, `DEVHOST_QUEUE_VISIBILITY_SECONDS` (how long a message
is hidden while its function runs, default 600), `DEVHOST_GRACE_SECONDS` (how long a stop waits, default 30).
"""
