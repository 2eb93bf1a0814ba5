"""How far around a place a question means: "near Pune", "within 20 km of Columbus", "in a 15 mile radius of Oslo"."""

import re

_REACH = re.compile(
    r"(?:near(?: to|by to)?|around(?= [a-z])(?! (?:the|a|an|here|there|for)\b)|close to|not far from|"
    r"in the (?:vicinity|surroundings|neighbou?rhood) of|(?:with)?in (?:a )?(?P<far>\d{1,3}) "
    r"(?P<unit>kms?|kilomet(?:er|re)s?|mi|miles?)(?: radius)? (?:of|from|around))"
    r"(?!\w)"
)


def read(text: str, at: int = 0) -> tuple[str, int] | None:
    """How far the words that start exactly at `at` in lower-case `text` reach ("15 miles", nothing for "near"), and
    where they end; None where they say nothing of the kind."""
    said = _REACH.match(text, at)
    if said is None:
        return None
    if said["far"] is None:
        return "", said.end()
    return f"{said['far']} {'miles' if said['unit'].startswith('mi') else 'km'}", said.end()
