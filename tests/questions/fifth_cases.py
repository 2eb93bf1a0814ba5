"""A fifth author: chatty turns of phrase, decades and everyone-but, and what sounds answerable but is not kept."""

from tests.questions.cases import CLARIFY, REFUSE, Case, said
from tests.questions.oracle import (
    Rows,
    accounts,
    by,
    companies,
    count,
    having,
    month,
    people,
    products,
    quarter,
    rate,
    top,
    total,
    won,
)

ALL: list[Case] = [
    (
        "hey, how many did Kami Bicknell close in sept 2017? won ones i mean",
        lambda: count(lambda d: d.won and d.rep == "Kami Bicknell" and month(d) == "2017-09"),
    ),
    (
        "what's still open for Hayden Neloms - just the number",
        lambda: count(lambda d: d.open and d.rep == "Hayden Neloms"),
    ),
    (
        "how long does it take on average to close a won deal for James Ascencio",
        lambda: sum(d.days for d in _won_by("James Ascencio")) / len(_won_by("James Ascencio")),
    ),
    (
        "medical companies established in the 90s",
        lambda: companies(lambda a: a["sector"] == "medical" and "1990" <= a["year_established"] <= "1999"),
    ),
    (
        "won revenue of accounts established in the 1980s",
        lambda: won(lambda d: "1980" <= accounts().get(d.account, {}).get("year_established", "") <= "1989"),
    ),
    (
        "How are accounts spread over sectors?",
        lambda: {
            sector: len([a for a in accounts().values() if a["sector"] == sector])
            for sector in {a["sector"] for a in accounts().values()}
        },
    ),
    ("Which product is the most expensive?", lambda: max(products(), key=lambda p: _price(p))),
    (
        "by what percent did wins grow from april to may 2017",
        lambda: (
            100
            * (
                count(lambda d: d.won and month(d) == "2017-05")
                / count(lambda d: d.won and month(d) == "2017-04")
                - 1
            )
        ),
    ),
    (
        "How many deals did everyone except Darcel Schlecht win",
        lambda: count(lambda d: d.won and d.rep != "Darcel Schlecht"),
    ),
    (
        "how mny deals did moses fraze win in augst 2017",
        lambda: count(lambda d: d.won and d.rep == "Moses Frase" and month(d) == "2017-08"),
    ),
    ("total lost deals in the East", lambda: count(lambda d: d.lost and d.region == "East")),
    (
        "total lost oppertunities for GTX Plus Baisc",
        lambda: count(lambda d: d.lost and d.product == "GTX Plus Basic"),
    ),
    ("who sold a GTK 500?", lambda: {d.rep for d in having(lambda d: d.won and d.product == "GTK 500")}),
    ("who won deals with Konex", lambda: {d.rep for d in having(lambda d: d.won and d.account == "Konex")}),
    (
        "who bought a GTK 500?",
        lambda: {d.account for d in having(lambda d: d.won and d.product == "GTK 500")},
    ),
    (
        "how many deals has each of Rocco Neubert's reps won",
        lambda: by(lambda d: d.rep, len, lambda d: d.won and d.manager == "Rocco Neubert"),
    ),
    ("how many deals did each of Boris Faz and Kami Bicknell win", said("declined")),
    (
        "top 4 medical accounts by won revenue",
        lambda: top(by(lambda d: d.account, total, lambda d: d.won and d.sector == "medical"), 4),
    ),
    (
        "what is the most popular product by number of won deals",
        lambda: top(by(lambda d: d.product, len, lambda d: d.won), 1),
    ),
    (
        "what product sold most in Summer Sewald's team by number of deals",
        lambda: top(by(lambda d: d.product, len, lambda d: d.won and d.manager == "Summer Sewald"), 1),
    ),
    (
        "how many opportunities are assigned to Cecily Lampkin",
        lambda: count(lambda d: d.rep == "Cecily Lampkin"),
    ),
    (
        "how many GTK 500 deals did Rocco Neubert's people win?",
        lambda: count(lambda d: d.won and d.product == "GTK 500" and d.manager == "Rocco Neubert"),
    ),
    (
        "reps who never won a GTK 500",
        lambda: set(people()) - {d.rep for d in having(lambda d: d.won and d.product == "GTK 500")},
    ),
    (
        "Q3 2017 win rate of Summer Sewald's team",
        lambda: rate(lambda d: d.manager == "Summer Sewald" and quarter(d) == "2017-Q3"),
    ),
    ("for the retail sector, whats our won revenue", lambda: won(lambda d: d.sector == "retail")),
    # Nobody is named, nothing of the kind is kept, or it has not happened.
    ("how many deals did she lose", said(CLARIFY)),
    ("how many deals will we win in Q1 2019", said(REFUSE)),
    ("what will our revenue be in 2030", said(REFUSE)),
    ("how many calls did Donn Cantrell make in June 2017", said(REFUSE)),
    ("which accounts had a meeting last week", said(REFUSE)),
    ("list all contacts at Initech", said(REFUSE)),
    ("how much did we spend on marketing in 2017", said(REFUSE)),
    ("increase the value of EC4QE1BX by 10%", said(REFUSE)),
    ("export the accounts to my email", said(REFUSE)),
    ("what was the warranty on GTK 500", said(REFUSE)),
    ("which rep is the happiest", said(REFUSE)),
    ("what is the discount policy for the West region", said(REFUSE)),
    ("where does Boris Faz live", said("declined")),
    ("who is the best looking rep", said("declined")),
    ("How long has Celia Rouche been with the company?", said("declined")),
    ("what did the East team make on MG Advanced?", said("declined")),
]


def _price(product: str) -> float:
    return float(products()[product]["sales_price"])


def _won_by(rep: str) -> Rows:
    return having(lambda d: d.won and d.rep == rep)
