"""Systems that we call: one module each."""
