"""Who we are to others: the keys and tokens of outgoing calls."""
