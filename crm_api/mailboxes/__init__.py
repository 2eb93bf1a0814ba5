"""What arrives in our people's mailboxes, tied to what we sent."""
