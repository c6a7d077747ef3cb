"""The AIOps RCA Assistant: failures of an Azure data platform become tickets with their root cause."""
