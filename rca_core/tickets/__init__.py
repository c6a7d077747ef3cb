"""Tickets: from a reported failure to a stored ticket, its lifecycle, its audit trail, lists and counts."""
