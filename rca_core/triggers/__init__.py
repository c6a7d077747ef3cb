"""Azure Functions blueprints: they read the request or message, call the program, and map errors. No decisions."""
