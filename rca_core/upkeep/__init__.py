"""What an operator does with all that is stored: keep it for some time, move it, bring it to a new release."""
