"""What happened, as facts with ids: recorded in the transaction that made them true."""
