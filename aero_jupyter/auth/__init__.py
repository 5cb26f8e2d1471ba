"""Who the user is: the tokens that sign requests."""
