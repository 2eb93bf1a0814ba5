"""People who sign in: users, teams, sessions."""
