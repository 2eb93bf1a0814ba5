"""Every message that leaves the house, once: planned, claimed, sent, and looked for where the answer was lost."""
