"""A third author's questions over the Maven data: chatty, telegraphic, and with the parts in unusual places."""

from statistics import mean, median

from tests.questions.cases import CLARIFY, REFUSE, Case, said
from tests.questions.oracle import (  # fmt: skip
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
from tests.questions.second_cases import Q2, Q3, Q4, average, emp

Q1 = ("2017-01-01", "2017-03-31")

CASES: list[Case] = [
    # counts
    ("what's the total count of opportunities?", lambda: len(deals())),
    (
        "give me the number of deals Zane Levy closed",
        lambda: count(lambda d: (d.won or d.lost) and d.rep == "Zane Levy"),
    ),
    (
        "tell me how many wins the East had in Q3 2017",
        lambda: count(lambda d: d.won and d.region == "East" and within(d.closed, *Q3)),
    ),
    ("Boris Faz - how many lost deals?", lambda: count(lambda d: d.lost and d.rep == "Boris Faz")),
    ("Isdom: how many deals won?", lambda: count(lambda d: d.won and d.account == "Isdom")),
    ("count won MG Special", lambda: count(lambda d: d.won and d.product == "MG Special")),
    ("how many times did we sell GTX Pro?", lambda: count(lambda d: d.won and d.product == "GTX Pro")),
    (
        "how many GTX Pro deals were sold to Hottechi",
        lambda: count(lambda d: d.won and d.product == "GTX Pro" and d.account == "Hottechi"),
    ),
    (
        "how many opportunities does Cara Losch's team have open",
        lambda: count(lambda d: d.open and d.manager == "Cara Losch"),
    ),
    ("how many people work in the West office", lambda: 14),  # with the two managers
    (
        "how many agents are there in each region",
        lambda: {
            x: sum(r["regional_office"] == x for r in people().values()) for x in ("East", "West", "Central")
        },
    ),
    ("how many sectors do we sell to", lambda: len({a["sector"] for a in accounts().values()})),
    ("how many countries do our accounts come from", lambda: 15),
    ("how many accounts does the retail sector have", lambda: 17),
    (
        "number of accounts established after 2000 in the software sector",
        lambda: len(companies(lambda a: a["sector"] == "software" and int(a["year_established"]) > 2000)),
    ),
    (
        "how many accounts were founded in or after 2010",
        lambda: len(companies(lambda a: int(a["year_established"]) >= 2010)),
    ),
    ("how many US accounts are there", lambda: 71),
    ("how many German accounts do we have", lambda: ("declined_or", 1)),
    ("how many deals were closed in total in 2017", lambda: count(lambda d: d.won or d.lost)),
    (
        "how many deals are currently in engaging for the Central region",
        lambda: count(lambda d: d.stage == "Engaging" and d.region == "Central"),
    ),
    ("how many deals of more than $5,000 did we win", lambda: count(lambda d: d.won and d.value > 5000)),
    ("number of won deals worth at least 10k", lambda: count(lambda d: d.won and d.value >= 10000)),
    (
        "how many deals did Summer Sewald's team lose in the fourth quarter of 2017",
        lambda: count(lambda d: d.lost and d.manager == "Summer Sewald" and within(d.closed, *Q4)),
    ),
    (
        "how many unique accounts did Donn Cantrell close deals with",
        lambda: (
            "declined_or",
            len({d.account for d in deals() if (d.won or d.lost) and d.rep == "Donn Cantrell"}),
        ),
    ),
    (
        "how many customers bought something in December 2017",
        lambda: ("declined_or", len({d.account for d in deals() if d.won and month(d) == "2017-12"})),
    ),
    (
        "how many reps closed deals in March 2017",
        lambda: len({d.rep for d in deals() if (d.won or d.lost) and month(d) == "2017-03"}),
    ),
    ("how many products cost more than 1000", lambda: 5),
    # lists
    (
        "who works for Celia Rouche?",
        lambda: {n for n, r in people().items() if r["manager"] == "Celia Rouche"},
    ),
    (
        "who are the reps under Melvin Marxen",
        lambda: {n for n, r in people().items() if r["manager"] == "Melvin Marxen"},
    ),
    ("Cara Losch's reps", lambda: {n for n, r in people().items() if r["manager"] == "Cara Losch"}),
    (
        "Show me everyone in the Central region",
        lambda: ("declined_or", {n for n, r in people().items() if r["regional_office"] == "Central"}),
    ),
    ("agents in West", lambda: {n for n, r in people().items() if r["regional_office"] == "West"}),
    ("which managers are in the East region", lambda: ("declined_or", {"Cara Losch", "Rocco Neubert"})),
    (
        "which manager covers the Central region",
        lambda: ("declined_or", {"Dustin Brinkmann", "Melvin Marxen"}),
    ),
    (
        "give me all accounts from the entertainment industry",
        lambda: companies(lambda a: a["sector"] == "entertainment"),
    ),
    (
        "technology companies outside the United States",
        lambda: companies(lambda a: a["sector"] == "technolgy" and a["office_location"] != "United States"),
    ),
    (
        "companies with 100 to 500 employees",
        lambda: ("declined_or", companies(lambda a: 100 <= int(a["employees"]) <= 500)),
    ),
    (
        "companies with between 100 and 500 employees",
        lambda: companies(lambda a: 100 <= int(a["employees"]) <= 500),
    ),
    (
        "accounts with revenue between 1000 and 2000 million",
        lambda: companies(lambda a: 1000 <= float(a["revenue"]) <= 2000),
    ),
    ("accounts whose annual revenue exceeds 5000", lambda: companies(lambda a: float(a["revenue"]) > 5000)),
    (
        "accounts making less than 100 million in annual revenue",
        lambda: ("declined_or", companies(lambda a: float(a["revenue"]) < 100)),
    ),
    ("list subsidiaries", lambda: companies(lambda a: a["subsidiary_of"])),
    (
        "show me the parent companies",
        lambda: ("declined_or", {a["subsidiary_of"] for a in accounts().values()} - {""}),
    ),
    ("accounts owned by Sonron", lambda: companies(lambda a: a["subsidiary_of"] == "Sonron")),
    (
        "retail accounts located in Japan, Italy or Belgium",
        lambda: companies(
            lambda a: a["sector"] == "retail" and a["office_location"] in ("Japan", "Italy", "Belgium")
        ),
    ),
    (
        "opportunities won by Kami Bicknell above 5000 in Q2 2017",
        lambda: {
            d.id
            for d in having(
                lambda d: d.won and d.rep == "Kami Bicknell" and d.value > 5000 and within(d.closed, *Q2)
            )
        },
    ),
    (
        "all deals lost to Zumgoity",
        lambda: ("declined_or", {d.id for d in having(lambda d: d.lost and d.account == "Zumgoity")}),
    ),
    (
        "open opportunities for Sonron",
        lambda: {d.id for d in having(lambda d: d.open and d.account == "Sonron")},
    ),
    (
        "GTK 500 deals that were lost",
        lambda: {d.id for d in having(lambda d: d.lost and d.product == "GTK 500")},
    ),
    (
        "which accounts bought both GTX Pro and GTK 500",
        lambda: (
            "declined_or",
            {d.account for d in deals() if d.won and d.product == "GTX Pro"}
            & {d.account for d in deals() if d.won and d.product == "GTK 500"},
        ),
    ),
    (
        "which reps have sold to Bioplex",
        lambda: ("declined_or", {d.rep for d in deals() if d.won and d.account == "Bioplex"}),
    ),
    ("products sold to Bioplex", lambda: {d.product for d in deals() if d.won and d.account == "Bioplex"}),
    (
        "which products has Daniell Hammack won",
        lambda: {d.product for d in deals() if d.won and d.rep == "Daniell Hammack"},
    ),
    # aggregates
    ("East revenue", lambda: won(lambda d: d.region == "East")),
    ("revenue from GTX Plus Pro", lambda: won(lambda d: d.product == "GTX Plus Pro")),
    ("revenue for the GTX series", lambda: won(lambda d: d.series == "GTX")),
    ("what did we earn from Zathunicon", lambda: ("declined_or", won(lambda d: d.account == "Zathunicon"))),
    ("what was our total revenue in 2017?", lambda: won()),
    (
        "overall won revenue for Versie Hillebrand in H1 2017",
        lambda: won(lambda d: d.rep == "Versie Hillebrand" and within(d.closed, "2017-01-01", "2017-06-30")),
    ),
    ("value of all deals won in December 2017", lambda: won(lambda d: month(d) == "2017-12")),
    ("total close value for Funholding", lambda: won(lambda d: d.account == "Funholding")),
    (
        "average close value of won deals for Rocco Neubert's team",
        lambda: average(having(lambda d: d.won and d.manager == "Rocco Neubert")),
    ),
    (
        "what's the typical won deal size for retail accounts",
        lambda: average(having(lambda d: d.won and d.sector == "retail")),
    ),
    (
        "how big is the average won deal in Q4 2017",
        lambda: ("declined_or", average(having(lambda d: d.won and within(d.closed, *Q4)))),
    ),
    (
        "biggest won deal for Cancity",
        lambda: max(d.value for d in having(lambda d: d.won and d.account == "Cancity")),
    ),
    ("what was the value of our largest won deal", lambda: max(d.value for d in having(lambda d: d.won))),
    (
        "maximum close value among Markita Hansen's deals",
        lambda: max(d.value or 0 for d in having(lambda d: d.rep == "Markita Hansen")),
    ),
    (
        "average number of employees across all accounts",
        lambda: mean(int(a["employees"]) for a in accounts().values()),
    ),
    (
        "mean annual revenue of accounts in the technology sector",
        lambda: mean(float(a["revenue"]) for a in accounts().values() if a["sector"] == "technolgy"),
    ),
    (
        "what is the median revenue of software companies",
        lambda: (
            "declined_or",
            median(float(a["revenue"]) for a in accounts().values() if a["sector"] == "software"),
        ),
    ),
    (
        "average founding year of medical accounts",
        lambda: (
            "declined_or",
            mean(int(a["year_established"]) for a in accounts().values() if a["sector"] == "medical"),
        ),
    ),
    (
        "total headcount of finance accounts",
        lambda: sum(int(a["employees"]) for a in accounts().values() if a["sector"] == "finance"),
    ),
    (
        "how many employees does the average retail account have",
        lambda: (
            "declined_or",
            mean(int(a["employees"]) for a in accounts().values() if a["sector"] == "retail"),
        ),
    ),
    (
        "how long do GTX Basic deals take to close on average",
        lambda: mean(d.days for d in having(lambda d: (d.won or d.lost) and d.product == "GTX Basic")),
    ),
    (
        "average length of the sales cycle for Rosie Papadopoulos",
        lambda: mean(d.days for d in having(lambda d: (d.won or d.lost) and d.rep == "Rosie Papadopoulos")),
    ),
    (
        "average duration from engagement to close for won deals in Q3 2017",
        lambda: ("declined_or", mean(d.days for d in having(lambda d: d.won and within(d.closed, *Q3)))),
    ),
    ("longest sales cycle among won deals", lambda: max(d.days for d in having(lambda d: d.won))),
    # group by
    ("won deals by sales agent", lambda: by(lambda d: d.rep, len, lambda d: d.won)),
    ("breakdown of won revenue by product", lambda: by(lambda d: d.product, total, lambda d: d.won)),
    ("breakdown of deals by stage", lambda: by(lambda d: d.stage, len)),
    (
        "stage breakdown for Darcel Schlecht",
        lambda: ("declined_or", by(lambda d: d.stage, len, lambda d: d.rep == "Darcel Schlecht")),
    ),
    (
        "per-region win rate",
        lambda: {r: rate(lambda d, r=r: d.region == r) for r in ("East", "West", "Central")},
    ),
    ("revenue per country", lambda: by(lambda d: d.country, total, lambda d: d.won)),
    (
        "what is each manager's win rate",
        lambda: {m: rate(lambda d, m=m: d.manager == m) for m in {d.manager for d in deals()}},
    ),
    (
        "what is the won revenue of each rep in the East",
        lambda: by(lambda d: d.rep, total, lambda d: d.won and d.region == "East"),
    ),
    ("show won revenue for every product", lambda: by(lambda d: d.product, total, lambda d: d.won)),
    (
        "how much did each region win in Q4 2017?",
        lambda: by(lambda d: d.region, total, lambda d: d.won and within(d.closed, *Q4)),
    ),
    ("how much revenue did each manager bring in", lambda: by(lambda d: d.manager, total, lambda d: d.won)),
    ("for each sector, how many deals were lost", lambda: by(lambda d: d.sector, len, lambda d: d.lost)),
    (
        "by sector: number of accounts",
        lambda: {
            s: len(companies(lambda a, s=s: a["sector"] == s))
            for s in {a["sector"] for a in accounts().values()}
        },
    ),
    ("deals won each month", lambda: by(month, len, lambda d: d.won)),
    (
        "monthly won deals for Kary Hendrixson",
        lambda: by(month, len, lambda d: d.won and d.rep == "Kary Hendrixson"),
    ),
    (
        "number of lost deals per quarter in the West",
        lambda: by(quarter, len, lambda d: d.lost and d.region == "West"),
    ),
    ("trend of won revenue by month", lambda: ("declined_or", by(month, total, lambda d: d.won))),
    ("open opportunities per rep", lambda: by(lambda d: d.rep, len, lambda d: d.open)),
    ("open vs closed deals by region", lambda: ("declined_or", {})),
    ("average won deal by region", lambda: by(lambda d: d.region, average, lambda d: d.won)),
    (
        "avg days to close per manager",
        lambda: by(lambda d: d.manager, lambda r: mean(d.days for d in r), lambda d: d.won or d.lost),
    ),
    (
        "accounts by sector and country",
        lambda: (
            "either",
            {
                (s, c): n
                for (s, c), n in __import__("collections")
                .Counter((a["sector"], a["office_location"]) for a in accounts().values())
                .items()
            },
        ),
    ),
    ("number of deals by account sector", lambda: by(lambda d: d.sector, len)),
    ("won revenue by the account's country", lambda: by(lambda d: d.country, total, lambda d: d.won)),
    (
        "subsidiaries per parent company",
        lambda: {
            p: len(companies(lambda a, p=p: a["subsidiary_of"] == p))
            for p in {a["subsidiary_of"] for a in accounts().values()} - {""}
        },
    ),
    (
        "reps per manager",
        lambda: {
            m: sum(r["manager"] == m for r in people().values())
            for m in {r["manager"] for r in people().values()}
        },
    ),
    (
        "total employees by sector",
        lambda: {
            s: sum(int(a["employees"]) for a in accounts().values() if a["sector"] == s)
            for s in {a["sector"] for a in accounts().values()}
        },
    ),
    # tops
    ("top 5 sales agents by won revenue", lambda: top(by(lambda d: d.rep, total, lambda d: d.won), 5)),
    (
        "top five customers by total won value",
        lambda: top(by(lambda d: d.account, total, lambda d: d.won), 5),
    ),
    ("5 best reps by number of won deals", lambda: top(by(lambda d: d.rep, len, lambda d: d.won), 5)),
    (
        "which 3 products generate the most revenue",
        lambda: top(by(lambda d: d.product, total, lambda d: d.won), 3),
    ),
    (
        "three accounts with the highest won revenue",
        lambda: top(by(lambda d: d.account, total, lambda d: d.won), 3),
    ),
    ("reps with the most won deals, top 3", lambda: top(by(lambda d: d.rep, len, lambda d: d.won), 3)),
    (
        "highest won revenue by rep",
        lambda: ("declined_or", top(by(lambda d: d.rep, total, lambda d: d.won), 1)),
    ),
    ("who is the top rep by won revenue", lambda: top(by(lambda d: d.rep, total, lambda d: d.won), 1)),
    ("who won the most deals?", lambda: top(by(lambda d: d.rep, len, lambda d: d.won), 1)),
    ("who has lost the most deals to date?", lambda: top(by(lambda d: d.rep, len, lambda d: d.lost), 1)),
    (
        "who closed the fewest deals",
        lambda: ("ties", top(by(lambda d: d.rep, len, lambda d: d.won or d.lost), 1, lowest=True)),
    ),
    (
        "what product brings in the most revenue",
        lambda: top(by(lambda d: d.product, total, lambda d: d.won), 1),
    ),
    (
        "which customer spent the most",
        lambda: ("declined_or", top(by(lambda d: d.account, total, lambda d: d.won), 1)),
    ),
    (
        "which customer has bought the most from us",
        lambda: (
            "either",
            top(by(lambda d: d.account, len, lambda d: d.won), 1),
            top(by(lambda d: d.account, total, lambda d: d.won), 1),
            (CLARIFY,),
            ("not_understood",),
        ),
    ),
    (
        "which quarter saw the highest number of lost deals",
        lambda: top(by(quarter, len, lambda d: d.lost), 1),
    ),
    ("month with the lowest won revenue", lambda: top(by(month, total, lambda d: d.won), 1, lowest=True)),
    (
        "which month did we win the fewest deals in",
        lambda: top(by(month, len, lambda d: d.won), 1, lowest=True),
    ),
    (
        "region with the best win rate",
        lambda: top({r: rate(lambda d, r=r: d.region == r) for r in ("East", "West", "Central")}, 1),
    ),
    (
        "sector with the worst win rate",
        lambda: top(
            {s: rate(lambda d, s=s: d.sector == s) for s in {d.sector for d in deals() if d.sector}},
            1,
            lowest=True,
        ),
    ),
    (
        "largest account by employees in the software sector",
        lambda: top({n: int(a["employees"]) for n, a in accounts().items() if a["sector"] == "software"}, 1),
    ),
    (
        "smallest company by headcount",
        lambda: top({n: int(a["employees"]) for n, a in accounts().items()}, 1, lowest=True),
    ),
    ("the 3 oldest companies in retail", lambda: ("ties", [1, 2, 3])),
    (
        "newest company in the finance sector",
        lambda: top(
            {n: int(a["year_established"]) for n, a in accounts().items() if a["sector"] == "finance"}, 1
        ),
    ),
    (
        "which company was founded first",
        lambda: (
            "declined_or",
            top({n: int(a["year_established"]) for n, a in accounts().items()}, 1, lowest=True),
        ),
    ),
    (
        "five most expensive products",
        lambda: top({n: float(p["sales_price"]) for n, p in products().items()}, 5),
    ),
    (
        "top 3 deals won by Anna Snelling by value",
        lambda: [
            (d.id, d.value)
            for d in sorted(having(lambda d: d.won and d.rep == "Anna Snelling"), key=lambda d: -d.value)[:3]
        ],
    ),
    (
        "bottom 3 accounts by won revenue",
        lambda: top(by(lambda d: d.account, total, lambda d: d.won), 3, lowest=True),
    ),
    ("which parent company has the most subsidiaries", lambda: [("Acme Corporation", 4)]),
    ("who manages the most reps", lambda: ("ties", [1])),
    # windows
    ("wins in March 2017", lambda: count(lambda d: d.won and month(d) == "2017-03")),
    ("how many losses in Nov 2017?", lambda: count(lambda d: d.lost and month(d) == "2017-11")),
    ("Q2 2017 won revenue", lambda: won(lambda d: within(d.closed, *Q2))),
    ("2017 Q3 lost deals count", lambda: count(lambda d: d.lost and within(d.closed, *Q3))),
    (
        "deals we engaged in the last quarter of 2016, how many",
        lambda: count(lambda d: within(d.engaged, "2016-10-01", "2016-12-31")),
    ),
    (
        "how many deals were opened in February 2017",
        lambda: count(lambda d: within(d.engaged, "2017-02-01", "2017-02-28")),
    ),
    (
        "how many deals did Hayden Neloms start in May 2017",
        lambda: count(lambda d: d.rep == "Hayden Neloms" and within(d.engaged, "2017-05-01", "2017-05-31")),
    ),
    (
        "won between March 1 and March 15 2017, how many deals",
        lambda: count(lambda d: d.won and within(d.closed, "2017-03-01", "2017-03-15")),
    ),
    ("revenue between July and September 2017", lambda: won(lambda d: within(d.closed, *Q3))),
    (
        "revenue up to and including May 2017",
        lambda: ("declined_or", won(lambda d: within(d.closed, "2000-01-01", "2017-05-31"))),
    ),
    (
        "how much was won by June 30, 2017",
        lambda: ("declined_or", won(lambda d: within(d.closed, "2000-01-01", "2017-06-30"))),
    ),
    (
        "deals closed on or after December 30 2017, how many",
        lambda: count(lambda d: within(d.closed, "2017-12-30", "2099-01-01")),
    ),
    (
        "deals closed on 12/30/2017",
        lambda: {d.id for d in having(lambda d: within(d.closed, "2017-12-30", "2017-12-30"))},
    ),
    ("how many deals did we win in 2016", lambda: 0),
    (
        "how many deals were won in the first week of May 2017",
        lambda: ("declined_or", count(lambda d: d.won and within(d.closed, "2017-05-01", "2017-05-07"))),
    ),
    ("won deals in summer 2017", lambda: said("declined")()),
    (
        "win rate for deals engaged in 2016",
        lambda: rate(lambda d: within(d.engaged, "2016-01-01", "2016-12-31")),
    ),
    # comparisons
    (
        "East vs West vs Central: number of lost deals",
        lambda: {r: count(lambda d, r=r: d.lost and d.region == r) for r in ("East", "West", "Central")},
    ),
    (
        "compare the number of won deals between Q1 2017 and Q2 2017",
        lambda: {
            "2017-Q1": count(lambda d: d.won and within(d.closed, *Q1)),
            "2017-Q2": count(lambda d: d.won and within(d.closed, *Q2)),
        },
    ),
    (
        "compare average deal size for GTX Plus Basic and GTX Plus Pro",
        lambda: {
            p: average(having(lambda d, p=p: d.won and d.product == p))
            for p in ("GTX Plus Basic", "GTX Plus Pro")
        },
    ),
    (
        "won deals: Vicki Laflamme or Anna Snelling, who has more?",
        lambda: {r: count(lambda d, r=r: d.won and d.rep == r) for r in ("Vicki Laflamme", "Anna Snelling")},
    ),
    (
        "which region won more in Q4 2017, East or West?",
        lambda: (
            "either",
            {
                r: count(lambda d, r=r: d.won and d.region == r and within(d.closed, *Q4))
                for r in ("East", "West")
            },
            {r: won(lambda d, r=r: d.region == r and within(d.closed, *Q4)) for r in ("East", "West")},
            ("not_understood",),
        ),
    ),
    (
        "did win rate improve from Q3 2017 to Q4 2017?",
        lambda: (
            "declined_or",
            {
                "2017-Q3": rate(lambda d: within(d.closed, *Q3)),
                "2017-Q4": rate(lambda d: within(d.closed, *Q4)),
            },
        ),
    ),
    (
        "difference between won revenue of GTX Pro and GTX Plus Pro",
        lambda: abs(won(lambda d: d.product == "GTX Pro") - won(lambda d: d.product == "GTX Plus Pro")),
    ),
    (
        "how much higher is the win rate of Cara Losch than that of Rocco Neubert",
        lambda: (
            "declined_or",
            abs(rate(lambda d: d.manager == "Cara Losch") - rate(lambda d: d.manager == "Rocco Neubert")),
        ),
    ),
    (
        "percent change in lost deals between July and August 2017",
        lambda: (
            100
            * (
                count(lambda d: d.lost and month(d) == "2017-08")
                / count(lambda d: d.lost and month(d) == "2017-07")
                - 1
            )
        ),
    ),
    (
        "growth of won revenue in Q4 2017 compared to Q3 2017",
        lambda: 100 * (won(lambda d: within(d.closed, *Q4)) / won(lambda d: within(d.closed, *Q3)) - 1),
    ),
    (
        "retail vs software: average sales cycle",
        lambda: {
            s: mean(d.days for d in having(lambda d, s=s: (d.won or d.lost) and d.sector == s))
            for s in ("retail", "software")
        },
    ),
    (
        "won revenue in May versus June 2017",
        lambda: {m: won(lambda d, m=m: month(d) == m) for m in ("2017-05", "2017-06")},
    ),
    (
        "how many fewer deals did East lose than Central",
        lambda: abs(
            count(lambda d: d.lost and d.region == "East") - count(lambda d: d.lost and d.region == "Central")
        ),
    ),
    (
        "compare Hottechi and Konex by number of employees",
        lambda: ("declined_or", {a: emp(a) for a in ("Hottechi", "Konex")}),
    ),
    ("US accounts vs non-US accounts, number of won deals", lambda: ("declined_or", {})),
    # ratios
    ("win rate", lambda: rate()),
    (
        "Moses Frase win rate in Q2 2017",
        lambda: rate(lambda d: d.rep == "Moses Frase" and within(d.closed, *Q2)),
    ),
    ("close rate for GTX Plus Pro", lambda: rate(lambda d: d.product == "GTX Plus Pro")),
    ("how often do we win in the West", lambda: ("declined_or", rate(lambda d: d.region == "West"))),
    ("what percentage of our deals are still open", lambda: 100 * count(lambda d: d.open) / len(deals())),
    (
        "what proportion of Central's deals were lost",
        lambda: (
            "declined_or",
            100 * count(lambda d: d.lost and d.region == "Central") / count(lambda d: d.region == "Central"),
        ),
    ),
    (
        "percentage of won deals that came from the West region",
        lambda: 100 * count(lambda d: d.won and d.region == "West") / count(lambda d: d.won),
    ),
    (
        "MG Special share of lost deals",
        lambda: (
            "declined_or",
            100 * count(lambda d: d.lost and d.product == "MG Special") / count(lambda d: d.lost),
        ),
    ),
    (
        "GTX Pro's share of won revenue",
        lambda: ("declined_or", 100 * won(lambda d: d.product == "GTX Pro") / won()),
    ),
    (
        "what share of Q3 2017 won revenue came from Darcel Schlecht",
        lambda: (
            100
            * won(lambda d: d.rep == "Darcel Schlecht" and within(d.closed, *Q3))
            / won(lambda d: within(d.closed, *Q3))
        ),
    ),
    (
        "percent of accounts with more than 1000 employees",
        lambda: 100 * len(companies(lambda a: int(a["employees"]) > 1000)) / 85,
    ),
    ("what percentage of accounts is in the United States", lambda: 100 * 71 / 85),
    (
        "ratio of lost to won deals in the East",
        lambda: (
            count(lambda d: d.lost and d.region == "East") / count(lambda d: d.won and d.region == "East")
        ),
    ),
    (
        "won to lost ratio for Reed Clapper",
        lambda: (
            count(lambda d: d.won and d.rep == "Reed Clapper")
            / count(lambda d: d.lost and d.rep == "Reed Clapper")
        ),
    ),
    (
        "win rate by product for Cecily Lampkin",
        lambda: {
            p: rate(lambda d, p=p: d.product == p and d.rep == "Cecily Lampkin")
            for p in {d.product for d in deals() if d.rep == "Cecily Lampkin" and (d.won or d.lost)}
        },
    ),
    (
        "percentage of won revenue by sector",
        lambda: {
            s: 100 * won(lambda d, s=s: d.sector == s) / won()
            for s in {d.sector for d in deals() if d.sector}
        },
    ),
    # lookups
    ("who's Kary Hendrixson's manager", lambda: "Summer Sewald"),
    ("Zane Levy's manager", lambda: "Summer Sewald"),
    ("Who does Boris Faz report to?", lambda: "Rocco Neubert"),
    ("what office is Natalya Ivanova in?", lambda: "East"),
    ("in which region does Moses Frase sell", lambda: ("declined_or", "Central")),
    ("where does James Ascencio work?", lambda: ("declined_or", "West")),
    ("Gogozoom's parent company", lambda: "Sonron"),
    ("what company is Codehow a subsidiary of", lambda: ("declined_or", "Acme Corporation")),
    ("what's the industry of Yearin", lambda: "retail"),
    ("Zencorporation's country", lambda: "China"),
    ("in what country is Hottechi's office", lambda: ("declined_or", "Korea")),
    ("when was Warephase established?", lambda: int(accounts()["Warephase"]["year_established"])),
    ("how many people does Statholdings employ?", lambda: ("declined_or", emp("Statholdings"))),
    ("employees of Isdom", lambda: emp("Isdom")),
    ("list price for GTX Plus Basic", lambda: 1096),
    ("how expensive is GTK 500", lambda: ("declined_or", 26768)),
    ("what family is GTK 500", lambda: ("declined_or", "GTK")),
    ("status of opportunity EC4QE1BX", lambda: ("declined_or", "Won")),
    ("what's the deal stage of 1C1I7A6R?", lambda: "Won"),
    ("who is the sales agent on opportunity Z063OYW0", lambda: "Darcel Schlecht"),
    ("which company is opportunity EC4QE1BX with?", lambda: "Cancity"),
    ("engage date for Z063OYW0", lambda: "2016-10-25"),
    ("how long did opportunity 1C1I7A6R take to close", lambda: ("declined_or", 132)),
    # related, negation, combined
    (
        "won deals from companies with annual revenue above 5000, how many",
        lambda: count(lambda d: d.won and d.account and float(accounts()[d.account]["revenue"]) > 5000),
    ),
    (
        "won revenue from software companies founded before 1990",
        lambda: won(
            lambda d: d.sector == "software" and int(accounts()[d.account]["year_established"]) < 1990
        ),
    ),
    (
        "number of open deals at US retail companies",
        lambda: count(lambda d: d.open and d.sector == "retail" and d.country == "United States"),
    ),
    (
        "won revenue from accounts that are not subsidiaries",
        lambda: won(lambda d: d.account and not accounts()[d.account]["subsidiary_of"]),
    ),
    (
        "deals won by reps managed by Dustin Brinkmann in Q2 2017, how many",
        lambda: count(lambda d: d.won and d.manager == "Dustin Brinkmann" and within(d.closed, *Q2)),
    ),
    (
        "how many deals did the East lose to finance companies",
        lambda: ("declined_or", count(lambda d: d.lost and d.region == "East" and d.sector == "finance")),
    ),
    (
        "how many deals excluding prospecting do we have",
        lambda: ("declined_or", count(lambda d: d.stage != "Prospecting")),
    ),
    ("deals not in prospecting or engaging, how many", lambda: count(lambda d: not d.open)),
    (
        "won revenue not from the technology sector",
        lambda: (
            "either",
            won(lambda d: d.sector != "technolgy"),
            won(lambda d: d.sector and d.sector != "technolgy"),
        ),
    ),
    (
        "how many reps are not in the Central region",
        lambda: sum(r["regional_office"] != "Central" for r in people().values()),
    ),
    (
        "which accounts never bought MG Special in 2017 Q4",
        lambda: (
            set(accounts())
            - {d.account for d in deals() if d.won and d.product == "MG Special" and within(d.closed, *Q4)}
        ),
    ),
    (
        "accounts with no won deals in Q1 2017",
        lambda: set(accounts()) - {d.account for d in deals() if d.won and within(d.closed, *Q1)},
    ),
    (
        "which reps lost no deals in March 2017",
        lambda: ("declined_or", set(people()) - {d.rep for d in deals() if d.lost and month(d) == "2017-03"}),
    ),
    ("which reps have never lost a deal", lambda: set(people()) - {d.rep for d in deals() if d.lost}),
    (
        "reps who haven't closed any deals",
        lambda: set(people()) - {d.rep for d in deals() if d.won or d.lost},
    ),
    ("agents with zero deals", lambda: set(people()) - {d.rep for d in deals()}),
    (
        "retail accounts with no parent company in the United States",
        lambda: (
            "declined_or",
            companies(
                lambda a: (
                    a["sector"] == "retail"
                    and not a["subsidiary_of"]
                    and a["office_location"] == "United States"
                )
            ),
        ),
    ),
    (
        "won GTX Basic deals by anyone but Darcel Schlecht, how many",
        lambda: (
            "declined_or",
            count(lambda d: d.won and d.product == "GTX Basic" and d.rep != "Darcel Schlecht"),
        ),
    ),
    ("won revenue in 2017 except December", lambda: ("declined_or", won(lambda d: month(d) != "2017-12"))),
    ("non-GTX won deals, how many", lambda: ("declined_or", count(lambda d: d.won and d.series != "GTX"))),
    (
        "how many won deals weren't in Q4 2017",
        lambda: ("declined_or", count(lambda d: d.won and not within(d.closed, *Q4))),
    ),
    (
        "MG Advanced wins over 3500 by Celia Rouche's reps in Q4 2017, count",
        lambda: count(
            lambda d: (
                d.won
                and d.product == "MG Advanced"
                and d.value > 3500
                and d.manager == "Celia Rouche"
                and within(d.closed, *Q4)
            )
        ),
    ),
    (
        "lost deals in West for retail or medical accounts since October 2017, how many",
        lambda: count(
            lambda d: (
                d.lost
                and d.region == "West"
                and d.sector in ("retail", "medical")
                and within(d.closed, "2017-10-01", "2099-01-01")
            )
        ),
    ),
    # refusals and questions back
    ("assign Boris to the East team", said(REFUSE)),
    ("can you delete Konex", said(REFUSE)),
    ("set GTX Pro price to 1", said(REFUSE)),
    ("rename Acme Corporation to Acme Inc", said(REFUSE)),
    ("close all engaging deals", said(REFUSE)),
    ("write an email to Isdom", said(REFUSE)),
    ("please update Zane Levy's manager to Cara Losch", said(REFUSE)),
    ("log a call with Hottechi", said(REFUSE)),
    ("forecast Q1 2018 revenue", said(REFUSE)),
    ("how much will we win next quarter", said(REFUSE)),
    ("what's the profit on GTK 500", said(REFUSE)),
    ("average customer satisfaction by region", said(REFUSE)),
    ("what is the discount on GTX Pro deals", said("declined")),
    ("what did customers complain about", said("declined")),
    ("what time is it", said("declined")),
    ("who won the world cup", said("declined")),
    ("top deals", said(CLARIFY)),
    ("show me the biggest customers", said(CLARIFY)),
    ("best region", said(CLARIFY)),
    ("which product is doing well", said("declined")),
    ("are we doing better in the East", said("declined")),
    ("important accounts", said(CLARIFY)),
    ("deals closing soon", said(CLARIFY)),
    ("show me key accounts", said(CLARIFY)),
    ("good reps", said(CLARIFY)),
    ("old accounts", said(CLARIFY)),
    ("how did Markita do", said(CLARIFY)),
]

ALL = CASES
