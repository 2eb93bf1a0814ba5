"""A fourth author: the words of the files themselves, passives, and doubled conditions."""

from tests.questions.cases import CLARIFY, REFUSE, Case, said
from tests.questions.oracle import (
    accounts,
    by,
    companies,
    count,
    deals,
    having,
    month,
    people,
    products,
    quarter,
    rate,
    top,
    total,
    within,
    won,
)
from tests.questions.second_cases import average, emp

ALL: list[Case] = [
    (
        "How many deals are at the Prospecting stage for Dustin Brinkmann's reps?",
        lambda: count(lambda d: d.stage == "Prospecting" and d.manager == "Dustin Brinkmann"),
    ),
    (
        "Number of deals Gladys Colclough has in Engaging",
        lambda: count(lambda d: d.stage == "Engaging" and d.rep == "Gladys Colclough"),
    ),
    (
        "count of accounts in retail with parent companies",
        lambda: ("declined_or", len(companies(lambda a: a["sector"] == "retail" and a["subsidiary_of"]))),
    ),
    (
        "What is the sum of close values for won MG Special deals?",
        lambda: won(lambda d: d.product == "MG Special"),
    ),
    ("sum of close_value for lost deals", lambda: 0),
    (
        "average close value of deals Vicki Laflamme won in 2017",
        lambda: average(having(lambda d: d.won and d.rep == "Vicki Laflamme")),
    ),
    (
        "What's the smallest won deal in the West region?",
        lambda: min(d.value for d in having(lambda d: d.won and d.region == "West")),
    ),
    (
        "what was the highest close value achieved by Elease Gluck",
        lambda: max(d.value or 0 for d in having(lambda d: d.rep == "Elease Gluck")),
    ),
    (
        "total employees across accounts in the software sector",
        lambda: sum(int(a["employees"]) for a in accounts().values() if a["sector"] == "software"),
    ),
    ("average age of accounts", lambda: ("declined",)),
    (
        "won deals count by sales agent for Melvin Marxen's team",
        lambda: by(lambda d: d.rep, len, lambda d: d.won and d.manager == "Melvin Marxen"),
    ),
    (
        "list total won revenue for each product in the East",
        lambda: by(lambda d: d.product, total, lambda d: d.won and d.region == "East"),
    ),
    (
        "opportunities per deal stage in Central region",
        lambda: by(lambda d: d.stage, len, lambda d: d.region == "Central"),
    ),
    (
        "number of engaged deals by month in 2017",
        lambda: by(
            lambda d: f"{d.engaged:%Y-%m}", len, lambda d: within(d.engaged, "2017-01-01", "2017-12-31")
        ),
    ),
    ("how does won revenue break down by sector?", lambda: by(lambda d: d.sector, total, lambda d: d.won)),
    (
        "top 3 accounts by average won deal value",
        lambda: top(by(lambda d: d.account, average, lambda d: d.won), 3),
    ),
    (
        "the 5 accounts with the most employees",
        lambda: top({n: int(a["employees"]) for n, a in accounts().items()}, 5),
    ),
    (
        "which sales agent had the highest total won value in December 2017?",
        lambda: top(by(lambda d: d.rep, total, lambda d: d.won and month(d) == "2017-12"), 1),
    ),
    (
        "which agent has the most prospecting deals",
        lambda: top(by(lambda d: d.rep, len, lambda d: d.stage == "Prospecting"), 1),
    ),
    (
        "which 2 managers have the highest win rates",
        lambda: top({m: rate(lambda d, m=m: d.manager == m) for m in {d.manager for d in deals()}}, 2),
    ),
    (
        "bottom 2 products by number of won deals",
        lambda: top(by(lambda d: d.product, len, lambda d: d.won), 2, lowest=True),
    ),
    ("top 3 months by won deals in 2017", lambda: top(by(month, len, lambda d: d.won), 3)),
    (
        "deals won during Q1 2017 by the West",
        lambda: ("declined_or", count(lambda d: d.won and d.region == "West" and quarter(d) == "2017-Q1")),
    ),
    (
        "how many deals were engaged but not yet closed",
        lambda: ("declined_or", count(lambda d: d.stage == "Engaging")),
    ),
    (
        "deals that closed within the first week of April 2017",
        lambda: ("declined_or", count(lambda d: within(d.closed, "2017-04-01", "2017-04-07"))),
    ),
    (
        "won revenue between 15 June 2017 and 15 July 2017 inclusive",
        lambda: ("declined_or", won(lambda d: within(d.closed, "2017-06-15", "2017-07-15"))),
    ),
    (
        "how much did we win in Aug and Sep 2017 combined",
        lambda: won(lambda d: month(d) in ("2017-08", "2017-09")),
    ),
    (
        "compare East and West on win rate",
        lambda: {r: rate(lambda d, r=r: d.region == r) for r in ("East", "West")},
    ),
    (
        "compare Q2 2017 with Q4 2017: won deals",
        lambda: {
            "2017-Q2": count(lambda d: d.won and quarter(d) == "2017-Q2"),
            "2017-Q4": count(lambda d: d.won and quarter(d) == "2017-Q4"),
        },
    ),
    (
        "who closed more won revenue: Zane Levy or James Ascencio",
        lambda: {r: won(lambda d, r=r: d.rep == r) for r in ("Zane Levy", "James Ascencio")},
    ),
    (
        "which is larger, won revenue of retail or of technology accounts",
        lambda: (
            "declined_or",
            {
                "retail": won(lambda d: d.sector == "retail"),
                "technolgy": won(lambda d: d.sector == "technolgy"),
            },
        ),
    ),
    (
        "what was the change in the number of lost deals from Q2 2017 to Q3 2017",
        lambda: (
            "either",
            abs(
                count(lambda d: d.lost and quarter(d) == "2017-Q3")
                - count(lambda d: d.lost and quarter(d) == "2017-Q2")
            ),
        ),
    ),
    (
        "how many more wins than losses does Anna Snelling have",
        lambda: (
            "declined_or",
            abs(
                count(lambda d: d.won and d.rep == "Anna Snelling")
                - count(lambda d: d.lost and d.rep == "Anna Snelling")
            ),
        ),
    ),
    (
        "percentage difference in won revenue between GTX Pro and GTX Plus Pro",
        lambda: (
            "declined_or",
            100 * (won(lambda d: d.product == "GTX Plus Pro") / won(lambda d: d.product == "GTX Pro") - 1),
        ),
    ),
    (
        "win rate of each region in Q3 2017",
        lambda: {
            r: rate(lambda d, r=r: d.region == r and quarter(d) == "2017-Q3")
            for r in ("East", "West", "Central")
        },
    ),
    (
        "what percentage of Kary Hendrixson's closed deals were won",
        lambda: rate(lambda d: d.rep == "Kary Hendrixson"),
    ),
    ("what percent of all opportunities were lost", lambda: 100 * count(lambda d: d.lost) / len(deals())),
    (
        "share of won deals by product",
        lambda: {
            p: 100 * count(lambda d, p=p: d.won and d.product == p) / count(lambda d: d.won)
            for p in products()
        },
    ),
    ("what percentage of accounts are software companies", lambda: 100 * 7 / 85),
    (
        "proportion of reps reporting to Rocco Neubert",
        lambda: (
            "declined_or",
            100 * 6 / 35,
        ),
    ),
    ("deal MV1LWRNH: which account?", lambda: "Codehow"),
    ("what is the value of deal 1C1I7A6R", lambda: 1054),
    ("who is the manager of the rep on deal Z063OYW0", lambda: ("declined_or", "Melvin Marxen")),
    ("What is Plusstrip's annual revenue?", lambda: float(accounts()["Plusstrip"]["revenue"])),
    ("When was Cheers established?", lambda: int(accounts()["Cheers"]["year_established"])),
    ("Where is Sunnamplex headquartered", lambda: "Poland"),
    ("is Codehow a subsidiary of Acme Corporation?", lambda: ("declined",)),
    ("which company is the parent of Golddex", lambda: ("declined_or", "None")),
    (
        "how many deals from accounts established before 1990 were won",
        lambda: count(
            lambda d: d.won and d.account and int(accounts()[d.account]["year_established"]) < 1990
        ),
    ),
    (
        "won revenue from US software companies with more than 1000 employees",
        lambda: won(
            lambda d: d.sector == "software" and d.country == "United States" and emp(d.account) > 1000
        ),
    ),
    (
        "deals lost by agents in the East for GTK 500, how many",
        lambda: count(lambda d: d.lost and d.region == "East" and d.product == "GTK 500"),
    ),
    (
        "won revenue from accounts that have subsidiaries",
        lambda: won(lambda d: d.account in {a["subsidiary_of"] for a in accounts().values()} - {""}),
    ),
    ("how many won deals were not GTX series", lambda: count(lambda d: d.won and d.series != "GTX")),
    (
        "agents who have not won a deal in Q4 2017",
        lambda: set(people()) - {d.rep for d in deals() if d.won and quarter(d) == "2017-Q4"},
    ),
    (
        "accounts outside retail and medical",
        lambda: companies(lambda a: a["sector"] not in ("retail", "medical")),
    ),
    (
        "which products were never sold by Violet Mclelland",
        lambda: (
            "declined_or",
            set(products()) - {d.product for d in deals() if d.won and d.rep == "Violet Mclelland"},
        ),
    ),
    (
        "how many accounts do not have won deals with Darcel Schlecht",
        lambda: (
            "declined_or",
            len(set(accounts()) - {d.account for d in deals() if d.won and d.rep == "Darcel Schlecht"}),
        ),
    ),
    (
        "won deals by anyone except Melvin Marxen's team, how many",
        lambda: ("declined_or", count(lambda d: d.won and d.manager != "Melvin Marxen")),
    ),
    (
        "won deals for Kan code by Zane Levy in Q2 2017 over 1000, count",
        lambda: count(
            lambda d: (
                d.won
                and d.account == "Kan-code"
                and d.rep == "Zane Levy"
                and quarter(d) == "2017-Q2"
                and d.value > 1000
            )
        ),
    ),
    (
        "MG Advanced deals lost in Q4 2017 by Cara Losch's team to retail accounts, how many?",
        lambda: (
            "declined_or",
            count(
                lambda d: (
                    d.lost
                    and d.product == "MG Advanced"
                    and quarter(d) == "2017-Q4"
                    and d.manager == "Cara Losch"
                    and d.sector == "retail"
                )
            ),
        ),
    ),
    (
        "total won by Sumer Sewald's team",
        lambda: ("declined_or", won(lambda d: d.manager == "Summer Sewald")),
    ),
    (
        "how many dals has Cassey Cres lost",
        lambda: ("declined_or", count(lambda d: d.lost and d.rep == "Cassey Cress")),
    ),
    ("win rate for GTX Plus Basc", lambda: rate(lambda d: d.product == "GTX Plus Basic")),
    ("acount with highest won revenue", lambda: top(by(lambda d: d.account, total, lambda d: d.won), 1)),
    ("transfer Hottechi to the East", said(REFUSE)),
    ("make Boris Faz the owner of all Isdom deals", said(REFUSE)),
    ("what is the gross margin on MG Advanced", said(REFUSE)),
    ("how likely is deal A7SA2L21 to close", said("declined")),
    ("show me the hottest deals", said(CLARIFY)),
    ("who's our star performer", said("declined")),
    ("show big accounts", said(CLARIFY)),
    ("what's the phone number of Isdom", lambda: ("declined_or", "None")),
    ("when will deal A7SA2L21 close", lambda: ("declined_or", "None")),
]
