"""Names and domains as they are compared: what two people write differently of one company becomes the same key."""

import re
from collections.abc import Collection
from functools import lru_cache

from crm_api.core.text import words

# What a company's name ends in without being part of it, in the countries most of our users trade with.
LEGAL_FORMS = frozenset(
    "ab ag as asa aps bv bvba cc co company corp corporation cv doo eg ev eurl gbr gesmbh gmbh inc incorporated kft kg "
    "kgaa kk limited llc llp lp ltd ltda mbh nv ohg oy oyj plc pllc private pte pty pvt sa sae sarl sas se sl sp spa "
    "sro srl ug zoo".split()
)
# Providers whose addresses say nothing about who somebody works for.
FREE_MAIL = frozenset(
    "aol.com bluewin.ch comcast.net fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com laposte.net "
    "libero.it live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com "
    "outlook.de proton.me protonmail.com qq.com rediffmail.com t-online.de tutanota.com verizon.net "
    "web.de yahoo.co.in yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com "
    "126.com 163.com".split()
)
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/@]*@)?([^/:?#@\s]+)", re.IGNORECASE)


@lru_cache(maxsize=1024)  # each row of an import asks twice: to find duplicates, and to write it
def company_key(name: str | None) -> str | None:
    """A company's name without case, accents, punctuation, "the" and legal form; None where nothing is left.

    A name of nothing but legal forms ("Co AG") keeps them.
    """
    bare = _joined_initials(words(name.replace("&", " and "))) if name else []
    while len(bare) > 1 and bare[0] == "the":
        bare = bare[1:]
    while len(bare) > 1 and (bare[-1] in LEGAL_FORMS or bare[-1] == "and"):  # Smith and Co
        bare.pop()
    return " ".join(bare) or None


def _joined_initials(parts: list[str]) -> list[str]:
    """Single letters in a row as one word: "G. m. b. H." is GmbH, and "I B M" is IBM."""
    found: list[str] = []
    run = ""
    for part in [*parts, ""]:
        if len(part) == 1:
            run += part
            continue
        if run:
            found.append(run)
            run = ""
        if part:
            found.append(part)
    return found


def person_key(first: str | None, last: str | None) -> str | None:
    """A person's names in alphabetical order, so that "Lee, Ann" and "Ann Lee" are one; None for less than two."""
    parts = sorted(words(f"{first or ''} {last or ''}"))
    return " ".join(parts) if len(parts) > 1 else None


@lru_cache(maxsize=1024)
def domain_of(website: str | None, email: str | None = None) -> str | None:
    """The domain that stands for a company: of its website, else of a business e-mail address; without www."""
    for text in (website, (email or "").rpartition("@")[2]):
        found = _HOST.match((text or "").strip())
        host = found.group(1).lower().removeprefix("www.").rstrip(".") if found else ""
        if "." in host and not is_free_mail(host):
            return host
    return None


def is_free_mail(domain: str, more: Collection[str] = ()) -> bool:
    """Whether anybody can have an address there."""
    return domain in FREE_MAIL or domain in more


def is_business_address(email: str | None, more: Collection[str] = ()) -> bool:
    """Whether an address is one of a company; `more` are further free providers."""
    domain = (email or "").rpartition("@")[2].lower()
    return bool(domain) and not is_free_mail(domain, more)
