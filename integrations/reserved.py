"""Addresses that belong to nobody, so that a demo company can never write to a stranger.

RFC 2606 and RFC 6761 keep these names for documentation and tests. The demo company uses them for its
contacts; only the Maildir, which leaves this machine never, takes mail for them.
"""

_TOP_LEVEL = ("example", "test", "invalid", "localhost")
_SECOND_LEVEL = ("example.com", "example.net", "example.org")


def is_reserved(address: str) -> bool:
    """Whether the domain of a mail address is one of the reserved names, or below one."""
    labels = address.rpartition("@")[2].rstrip(".").casefold().split(".")
    return labels[-1] in _TOP_LEVEL or ".".join(labels[-2:]) in _SECOND_LEVEL
