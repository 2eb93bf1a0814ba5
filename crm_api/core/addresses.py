"""What can be said of a mail address from its text alone."""

_RESERVED_TOP_LEVEL = frozenset({"test", "example", "invalid", "localhost"})
_RESERVED_DOMAINS = frozenset({"example.com", "example.net", "example.org"})


def is_reserved_domain(address: str) -> bool:
    """True where no mail can ever arrive: `x@example.com`, `x@dealer.example`, `x@a.test`, and the like.

    Takes an address or a bare domain, in any case, with or without the trailing dot. The names are
    those of RFC 2606 sections 2 and 3 and RFC 6761 section 6. The demo company lives there, so a
    transport that reaches the outside must refuse them.
    """
    domain = address.strip().rpartition("@")[2].rstrip(".").casefold()
    labels = domain.split(".")
    return labels[-1] in _RESERVED_TOP_LEVEL or ".".join(labels[-2:]) in _RESERVED_DOMAINS
