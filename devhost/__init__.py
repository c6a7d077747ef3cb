"""Runs an Azure Functions Python app on a laptop, without Azure Functions Core Tools."""
