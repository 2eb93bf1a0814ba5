"""What tests stand on: databases, servers on loopback, processes. No test lives here."""
