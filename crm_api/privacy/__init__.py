"""What is held about a person: handing it over, and removing it."""
