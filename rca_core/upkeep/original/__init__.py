"""Moving over from the earlier program: its SQLite database becomes tickets, audit entries and accounts of ours."""
