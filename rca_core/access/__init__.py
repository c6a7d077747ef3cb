"""Who may come in: accounts, sessions, roles, and the signatures of those who call us."""
