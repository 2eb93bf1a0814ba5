"""More questions over the Maven data, in the words of a second author: terser, longer, and other ways round."""

from statistics import mean, median

from tests.questions.cases import CLARIFY, REFUSE, Case, said
from tests.questions.oracle import (
    Deal,
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

JULY = ("2017-07-01", "2017-07-31")
Q2 = ("2017-04-01", "2017-06-30")
Q3 = ("2017-07-01", "2017-09-30")
Q4 = ("2017-10-01", "2017-12-31")


def engaged_in(first: str, last: str) -> int:
    return count(lambda d: within(d.engaged, first, last))


def biggest(test) -> Deal:
    return max(having(test), key=lambda d: d.value or 0)


def average(rows) -> float:
    return total(rows) / len(rows)


def emp(name: str) -> int:
    return int(accounts()[name]["employees"])


def revenue_of(name: str) -> float:
    return float(accounts()[name]["revenue"])


COUNTS: list[Case] = [
    ("how many won deals in total", lambda: count(lambda d: d.won)),
    ("number of closed deals", lambda: count(lambda d: d.won or d.lost)),
    ("# of open opps", lambda: count(lambda d: d.open)),
    ("how many opportunities are there in total?", lambda: len(deals())),
    (
        "how many deals were won by Vicki Laflamme",
        lambda: count(lambda d: d.won and d.rep == "Vicki Laflamme"),
    ),
    (
        "how many deals did Cara Losch's team win",
        lambda: count(lambda d: d.won and d.manager == "Cara Losch"),
    ),
    ("how many losses does Reed Clapper have", lambda: count(lambda d: d.lost and d.rep == "Reed Clapper")),
    ("how many wins did Kami Bicknell get", lambda: count(lambda d: d.won and d.rep == "Kami Bicknell")),
    ("how many deals does Isdom have with us", lambda: count(lambda d: d.account == "Isdom")),
    (
        "how many deals are still being engaged",
        lambda: ("declined_or", count(lambda d: d.stage == "Engaging")),
    ),
    (
        "count the prospecting deals of Melvin Marxen's team",
        lambda: count(lambda d: d.stage == "Prospecting" and d.manager == "Melvin Marxen"),
    ),
    (
        "how many sales reps does Celia Rouche manage?",
        lambda: sum(r["manager"] == "Celia Rouche" for r in people().values()),
    ),
    ("how many managers do we have", lambda: 6),
    ("how many regions are there?", lambda: 3),
    (
        "how many different products did Zane Levy sell",
        lambda: len({d.product for d in deals() if d.won and d.rep == "Zane Levy"}),
    ),
    ("how many product series are there", lambda: 3),
    (
        "how many accounts are in the finance sector",
        lambda: len(companies(lambda a: a["sector"] == "finance")),
    ),
    ("how many of our accounts are subsidiaries", lambda: len(companies(lambda a: a["subsidiary_of"]))),
    (
        "how many subsidiaries does Acme Corporation have",
        lambda: len(companies(lambda a: a["subsidiary_of"] == "Acme Corporation")),
    ),
    ("how many customers are based in Japan", lambda: 1),
    ("how many clients do we have outside the United States", lambda: 14),
    (
        "how many companies were founded in the 1990s",
        lambda: len(companies(lambda a: 1990 <= int(a["year_established"]) <= 1999)),
    ),
    (
        "how many companies were founded between 1990 and 1999",
        lambda: len(companies(lambda a: 1990 <= int(a["year_established"]) <= 1999)),
    ),
    (
        "how many accounts have revenue above 2000 million",
        lambda: len(companies(lambda a: float(a["revenue"]) > 2000)),
    ),
    (
        "how many accounts make more than $1 billion a year",
        lambda: ("declined_or", len(companies(lambda a: float(a["revenue"]) > 1000))),
    ),
    (
        "how many employees do our technology accounts have in total",
        lambda: sum(int(a["employees"]) for a in accounts().values() if a["sector"] == "technolgy"),
    ),
    (
        "how many deals are in the pipeline for GTK 500",
        lambda: count(lambda d: d.open and d.product == "GTK 500"),
    ),
    (
        "how many deals have been closed by Wilburn Farren",
        lambda: count(lambda d: (d.won or d.lost) and d.rep == "Wilburn Farren"),
    ),
    ("how many deals did we lose to date", lambda: count(lambda d: d.lost)),
    ("how many deals have a value over 20000", lambda: count(lambda d: (d.value or 0) > 20000)),
    ("how many won deals are worth less than 100", lambda: count(lambda d: d.won and d.value < 100)),
    (
        "how many won deals are between 1000 and 2000",
        lambda: count(lambda d: d.won and 1000 <= d.value <= 2000),
    ),
    ("number of reps in Central", lambda: sum(r["regional_office"] == "Central" for r in people().values())),
    (
        "how many reps report to Melvin Marxen",
        lambda: sum(r["manager"] == "Melvin Marxen" for r in people().values()),
    ),
    ("how many reps have at least one won deal", lambda: len({d.rep for d in deals() if d.won})),
    ("how many accounts have at least one won deal", lambda: len({d.account for d in deals() if d.won})),
    (
        "how many accounts bought MG Advanced",
        lambda: len({d.account for d in deals() if d.won and d.product == "MG Advanced"}),
    ),
    (
        "how many accounts has Hayden Neloms won deals with",
        lambda: len({d.account for d in deals() if d.won and d.rep == "Hayden Neloms"}),
    ),
    ("how many reps have never won a deal", lambda: len(people()) - len({d.rep for d in deals() if d.won})),
]
LISTS: list[Case] = [
    (
        "which reps does Dustin Brinkmann manage",
        lambda: {n for n, r in people().items() if r["manager"] == "Dustin Brinkmann"},
    ),
    (
        "who is on Rocco Neubert's team?",
        lambda: {n for n, r in people().items() if r["manager"] == "Rocco Neubert"},
    ),
    (
        "list all reps in the East office",
        lambda: {n for n, r in people().items() if r["regional_office"] == "East"},
    ),
    ("names of all managers", lambda: {r["manager"] for r in people().values()}),
    ("list the products", lambda: set(products())),
    ("what products do we sell?", lambda: set(products())),
    (
        "which products are in the GTX series?",
        lambda: {n for n, p in products().items() if p["series"] == "GTX"},
    ),
    ("products under 1000", lambda: {n for n, p in products().items() if float(p["sales_price"]) < 1000}),
    (
        "products that cost between 500 and 5000",
        lambda: {n for n, p in products().items() if 500 <= float(p["sales_price"]) <= 5000},
    ),
    ("accounts in services", lambda: companies(lambda a: a["sector"] == "services")),
    ("name the employment sector companies", lambda: companies(lambda a: a["sector"] == "employment")),
    (
        "show finance accounts with more than 4000 employees",
        lambda: companies(lambda a: a["sector"] == "finance" and int(a["employees"]) > 4000),
    ),
    ("accounts with over 10,000 employees", lambda: companies(lambda a: int(a["employees"]) > 10000)),
    ("which companies have fewer than 100 employees", lambda: companies(lambda a: int(a["employees"]) < 100)),
    ("companies founded in 1986", lambda: companies(lambda a: int(a["year_established"]) == 1986)),
    ("accounts established since 2014", lambda: companies(lambda a: int(a["year_established"]) >= 2014)),
    ("companies established before 1982", lambda: companies(lambda a: int(a["year_established"]) < 1982)),
    (
        "which accounts are based in Korea or Brazil",
        lambda: companies(lambda a: a["office_location"] in ("Korea", "Brazil")),
    ),
    (
        "which accounts are in the Philippines?",
        lambda: companies(lambda a: a["office_location"] == "Philipines"),
    ),
    ("subsidiaries of Bubba Gump", lambda: companies(lambda a: a["subsidiary_of"] == "Bubba Gump")),
    ("which companies belong to Golddex?", lambda: companies(lambda a: a["subsidiary_of"] == "Golddex")),
    ("accounts whose parent is Inity", lambda: companies(lambda a: a["subsidiary_of"] == "Inity")),
    ("which accounts have subsidiaries", lambda: {a["subsidiary_of"] for a in accounts().values()} - {""}),
    ("accounts that are subsidiaries", lambda: companies(lambda a: a["subsidiary_of"])),
    (
        "which deals did Carl Lin win for over 5,500",
        lambda: {d.id for d in having(lambda d: d.won and d.rep == "Carl Lin" and d.value > 5500)},
    ),
    (
        "list won GTK 500 deals above 30k",
        lambda: {d.id for d in having(lambda d: d.won and d.product == "GTK 500" and d.value > 30000)},
    ),
    (
        "list the opportunities Elease Gluck won in March 2017",
        lambda: {d.id for d in having(lambda d: d.won and d.rep == "Elease Gluck" and month(d) == "2017-03")},
    ),
    (
        "show all open GTK 500 opportunities",
        lambda: {d.id for d in having(lambda d: d.open and d.product == "GTK 500")},
    ),
    (
        "deals lost by Garret Kinder in December 2017",
        lambda: {
            d.id for d in having(lambda d: d.lost and d.rep == "Garret Kinder" and month(d) == "2017-12")
        },
    ),
    (
        "deals won on 31 December 2017",
        lambda: {d.id for d in having(lambda d: d.won and within(d.closed, "2017-12-31", "2017-12-31"))},
    ),
    ("which reps sold GTK 500?", lambda: {d.rep for d in deals() if d.won and d.product == "GTK 500"}),
    (
        "which reps have won a GTK 500 deal",
        lambda: {d.rep for d in deals() if d.won and d.product == "GTK 500"},
    ),
    (
        "which accounts did Lajuana Vencill win deals with in Q4 2017",
        lambda: {
            d.account for d in deals() if d.won and d.rep == "Lajuana Vencill" and within(d.closed, *Q4)
        },
    ),
    (
        "which accounts have won deals over 30000",
        lambda: {d.account for d in deals() if d.won and d.value > 30000},
    ),
    (
        "which sectors do our accounts belong to",
        lambda: (
            by(lambda d: 0, len)
            and {
                s: len(companies(lambda a, s=s: a["sector"] == s))
                for s in {a["sector"] for a in accounts().values()}
            }
        ),
    ),
    (
        "software companies in the US founded after 2000",
        lambda: companies(
            lambda a: (
                a["sector"] == "software"
                and a["office_location"] == "United States"
                and int(a["year_established"]) > 2000
            )
        ),
    ),
]
AGGREGATES: list[Case] = [
    ("sum of all won deals", lambda: won()),
    ("total value of deals won by Anna Snelling", lambda: won(lambda d: d.rep == "Anna Snelling")),
    ("how much revenue did Maureen Marcano generate", lambda: won(lambda d: d.rep == "Maureen Marcano")),
    ("how much has Cheers spent with us", lambda: won(lambda d: d.account == "Cheers")),
    ("how much money did we make from Kinnamplus", lambda: won(lambda d: d.account == "Kinnamplus")),
    ("what did Summer Sewald's team bring in", lambda: won(lambda d: d.manager == "Summer Sewald")),
    ("total sales of Celia Rouche's team", lambda: won(lambda d: d.manager == "Celia Rouche")),
    ("total revenue", lambda: won()),
    ("what's the total won value for GTX Basic?", lambda: won(lambda d: d.product == "GTX Basic")),
    ("how much is the biggest won deal worth", lambda: biggest(lambda d: d.won).value),
    ("largest won deal value", lambda: biggest(lambda d: d.won).value),
    ("what is the max won deal in the East", lambda: biggest(lambda d: d.won and d.region == "East").value),
    (
        "lowest won deal value for GTX Pro",
        lambda: min(d.value for d in having(lambda d: d.won and d.product == "GTX Pro")),
    ),
    ("mean won deal value in the West", lambda: average(having(lambda d: d.won and d.region == "West"))),
    (
        "average value of a won GTX Pro deal",
        lambda: average(having(lambda d: d.won and d.product == "GTX Pro")),
    ),
    ("median won deal size", lambda: median(d.value for d in having(lambda d: d.won))),
    (
        "median deal size for Zotware",
        lambda: median(d.value for d in having(lambda d: d.won and d.account == "Zotware")),
    ),
    (
        "average won deal size of Kary Hendrixson",
        lambda: average(having(lambda d: d.won and d.rep == "Kary Hendrixson")),
    ),
    ("average sales cycle", lambda: mean(d.days for d in having(lambda d: d.won or d.lost))),
    (
        "average sales cycle in days of GTK 500 deals we won",
        lambda: mean(d.days for d in having(lambda d: d.won and d.product == "GTK 500")),
    ),
    ("median sales cycle of won deals", lambda: median(d.days for d in having(lambda d: d.won))),
    ("shortest sales cycle of a won deal", lambda: min(d.days for d in having(lambda d: d.won))),
    (
        "how many days does it take Versie Hillebrand to close a deal on average",
        lambda: mean(d.days for d in having(lambda d: (d.won or d.lost) and d.rep == "Versie Hillebrand")),
    ),
    ("average time to close for lost deals", lambda: mean(d.days for d in having(lambda d: d.lost))),
    (
        "average time to win a deal in the East region",
        lambda: mean(d.days for d in having(lambda d: d.won and d.region == "East")),
    ),
    (
        "average annual revenue of finance accounts",
        lambda: mean(float(a["revenue"]) for a in accounts().values() if a["sector"] == "finance"),
    ),
    ("median number of employees", lambda: median(int(a["employees"]) for a in accounts().values())),
    (
        "average headcount of retail companies",
        lambda: mean(int(a["employees"]) for a in accounts().values() if a["sector"] == "retail"),
    ),
    (
        "average employees per account in the medical sector",
        lambda: mean(int(a["employees"]) for a in accounts().values() if a["sector"] == "medical"),
    ),
    (
        "total employees of our accounts in the US",
        lambda: sum(
            int(a["employees"]) for a in accounts().values() if a["office_location"] == "United States"
        ),
    ),
    (
        "average price of GTX products",
        lambda: mean(float(p["sales_price"]) for p in products().values() if p["series"] == "GTX"),
    ),
    ("highest list price", lambda: 26768),
    ("what's the price of the cheapest product", lambda: 55),
    ("combined revenue of East and West", lambda: won(lambda d: d.region in ("East", "West"))),
    (
        "average revenue per won deal in Central",
        lambda: average(having(lambda d: d.won and d.region == "Central")),
    ),
    ("average number of deals per rep", lambda: len(deals()) / len({d.rep for d in deals()})),
    ("average won revenue per rep", said(CLARIFY)),
    (
        "average number of won deals per account",
        lambda: count(lambda d: d.won) / len({d.account for d in deals() if d.won}),
    ),
    ("average won revenue per month", lambda: won() / 10),
    (
        "won value of deals closed by Darcel Schlecht for Hottechi",
        lambda: won(lambda d: d.rep == "Darcel Schlecht" and d.account == "Hottechi"),
    ),
]
GROUPS: list[Case] = [
    ("won revenue per region", lambda: by(lambda d: d.region, total, lambda d: d.won)),
    ("revenue by manager", lambda: by(lambda d: d.manager, total, lambda d: d.won)),
    ("show me won deals by account", lambda: by(lambda d: d.account, len, lambda d: d.won)),
    ("how many deals did each rep win?", lambda: by(lambda d: d.rep, len, lambda d: d.won)),
    ("how many deals has each manager's team won", lambda: by(lambda d: d.manager, len, lambda d: d.won)),
    ("how many deals did each region lose", lambda: by(lambda d: d.region, len, lambda d: d.lost)),
    ("deal count by stage", lambda: by(lambda d: d.stage, len)),
    ("break down open deals by product", lambda: by(lambda d: d.product, len, lambda d: d.open)),
    ("open deals broken down by region", lambda: by(lambda d: d.region, len, lambda d: d.open)),
    ("won deals per month", lambda: by(month, len, lambda d: d.won)),
    ("won deals month by month", lambda: by(month, len, lambda d: d.won)),
    ("won revenue month by month in 2017", lambda: by(month, total, lambda d: d.won)),
    ("won revenue by month for the East", lambda: by(month, total, lambda d: d.won and d.region == "East")),
    (
        "quarterly revenue of the Central region",
        lambda: by(quarter, total, lambda d: d.won and d.region == "Central"),
    ),
    ("quarterly lost deals", lambda: by(quarter, len, lambda d: d.lost)),
    (
        "win rate by region",
        lambda: {r: rate(lambda d, r=r: d.region == r) for r in ("East", "West", "Central")},
    ),
    (
        "win rates of each sector",
        lambda: {s: rate(lambda d, s=s: d.sector == s) for s in {d.sector for d in deals() if d.sector}},
    ),
    (
        "win rate per quarter",
        lambda: {
            q: rate(lambda d, q=q: quarter(d) == q) for q in {quarter(d) for d in deals() if quarter(d)}
        },
    ),
    (
        "win rate by month",
        lambda: {m: rate(lambda d, m=m: month(d) == m) for m in {month(d) for d in deals() if month(d)}},
    ),
    ("average won deal size by product", lambda: by(lambda d: d.product, average, lambda d: d.won)),
    ("average deal size for each manager", lambda: by(lambda d: d.manager, average, lambda d: d.won)),
    (
        "median deal size by region",
        lambda: by(lambda d: d.region, lambda r: median(d.value for d in r), lambda d: d.won),
    ),
    (
        "max won deal by region",
        lambda: by(lambda d: d.region, lambda r: max(d.value for d in r), lambda d: d.won),
    ),
    (
        "largest won deal per rep in the West",
        lambda: by(
            lambda d: d.rep, lambda r: max(d.value for d in r), lambda d: d.won and d.region == "West"
        ),
    ),
    (
        "average days to close by product",
        lambda: by(lambda d: d.product, lambda r: mean(d.days for d in r), lambda d: d.won or d.lost),
    ),
    (
        "average sales cycle of won deals by region",
        lambda: by(lambda d: d.region, lambda r: mean(d.days for d in r), lambda d: d.won),
    ),
    (
        "number of reps per region",
        lambda: {
            x: sum(r["regional_office"] == x for r in people().values()) for x in ("East", "West", "Central")
        },
    ),
    (
        "how many reps does each manager have",
        lambda: {
            m: sum(r["manager"] == m for r in people().values())
            for m in {r["manager"] for r in people().values()}
        },
    ),
    (
        "average employees by sector",
        lambda: {
            s: mean(int(a["employees"]) for a in accounts().values() if a["sector"] == s)
            for s in {a["sector"] for a in accounts().values()}
        },
    ),
    (
        "total annual revenue of accounts by country",
        lambda: {
            c: sum(float(a["revenue"]) for a in accounts().values() if a["office_location"] == c)
            for c in {a["office_location"] for a in accounts().values()}
        },
    ),
    ("number of products per series", lambda: {"GTX": 4, "MG": 2, "GTK": 1}),
    (
        "average price per series",
        lambda: {
            s: mean(float(p["sales_price"]) for p in products().values() if p["series"] == s)
            for s in ("GTX", "MG", "GTK")
        },
    ),
    ("won deals by region and product", lambda: by(lambda d: (d.region, d.product), len, lambda d: d.won)),
    ("deals by stage and region", lambda: by(lambda d: (d.stage, d.region), len)),
    (
        "lost deals by manager and quarter",
        lambda: by(lambda d: (d.manager, quarter(d)), len, lambda d: d.lost),
    ),
    (
        "revenue split by sector for Q2 2017",
        lambda: by(lambda d: d.sector, total, lambda d: d.won and within(d.closed, *Q2)),
    ),
    ("deals engaged by month", lambda: by(lambda d: f"{d.engaged:%Y-%m}" if d.engaged else "", len)),
    (
        "count of deals by product for James Ascencio",
        lambda: by(lambda d: d.product, len, lambda d: d.rep == "James Ascencio"),
    ),
    (
        "won revenue by product for the West region in Q3 2017",
        lambda: by(
            lambda d: d.product, total, lambda d: d.won and d.region == "West" and within(d.closed, *Q3)
        ),
    ),
    ("number of won deals by country", lambda: by(lambda d: d.country, len, lambda d: d.won)),
    ("won deals by subsidiary status", lambda: ("declined",)),
]
TOPS: list[Case] = [
    (
        "top 5 accounts by revenue",
        lambda: (
            "either",
            top(by(lambda d: d.account, total, lambda d: d.won), 5),
            top({n: float(a["revenue"]) for n, a in accounts().items()}, 5),
            (CLARIFY,),
        ),
    ),
    ("top 5 accounts by won revenue", lambda: top(by(lambda d: d.account, total, lambda d: d.won), 5)),
    ("best 3 reps by won revenue", lambda: top(by(lambda d: d.rep, total, lambda d: d.won), 3)),
    (
        "worst 3 reps by win rate",
        lambda: top({r: rate(lambda d, r=r: d.rep == r) for r in {d.rep for d in deals()}}, 3, lowest=True),
    ),
    ("which rep closed the most revenue?", lambda: top(by(lambda d: d.rep, total, lambda d: d.won), 1)),
    (
        "which rep won the most deals in the East",
        lambda: top(by(lambda d: d.rep, len, lambda d: d.won and d.region == "East"), 1),
    ),
    (
        "who sold the most GTX Pro?",
        lambda: top(by(lambda d: d.rep, len, lambda d: d.won and d.product == "GTX Pro"), 1),
    ),
    (
        "who has the highest win rate?",
        lambda: top({r: rate(lambda d, r=r: d.rep == r) for r in {d.rep for d in deals()}}, 1),
    ),
    (
        "who brought in the most revenue in Q3 2017",
        lambda: top(by(lambda d: d.rep, total, lambda d: d.won and within(d.closed, *Q3)), 1),
    ),
    (
        "which manager's team won the most revenue",
        lambda: top(by(lambda d: d.manager, total, lambda d: d.won), 1),
    ),
    (
        "which manager has the best win rate",
        lambda: top({m: rate(lambda d, m=m: d.manager == m) for m in {d.manager for d in deals()}}, 1),
    ),
    (
        "which region lost the fewest deals",
        lambda: top(by(lambda d: d.region, len, lambda d: d.lost), 1, lowest=True),
    ),
    (
        "which product has the longest average sales cycle?",
        lambda: top(by(lambda d: d.product, lambda r: mean(d.days for d in r), lambda d: d.won or d.lost), 1),
    ),
    (
        "which sector has the highest average deal size",
        lambda: top(by(lambda d: d.sector, average, lambda d: d.won), 1),
    ),
    ("which month had the highest won revenue", lambda: top(by(month, total, lambda d: d.won), 1)),
    ("in which month did we lose the most deals?", lambda: top(by(month, len, lambda d: d.lost), 1)),
    ("what was our best quarter by won revenue", lambda: top(by(quarter, total, lambda d: d.won), 1)),
    (
        "product with the lowest won revenue",
        lambda: top(by(lambda d: d.product, total, lambda d: d.won), 1, lowest=True),
    ),
    (
        "account with the most lost deals",
        lambda: top(by(lambda d: d.account, len, lambda d: d.lost and d.account), 1),
    ),
    (
        "3 biggest won deals",
        lambda: [(d.id, d.value) for d in sorted(having(lambda d: d.won), key=lambda d: -d.value)[:3]],
    ),
    (
        "top 5 deals by value in the West",
        lambda: [
            (d.id, d.value)
            for d in sorted(having(lambda d: d.region == "West" and d.value), key=lambda d: -d.value)[:5]
        ],
    ),
    (
        "what's our biggest deal ever won",
        lambda: [(biggest(lambda d: d.won).id, biggest(lambda d: d.won).value)],
    ),
    ("who won the largest deal?", lambda: ("contains", biggest(lambda d: d.won).rep)),
    (
        "the oldest 5 companies",
        lambda: ("ties", top({n: int(a["year_established"]) for n, a in accounts().items()}, 5, lowest=True)),
    ),
    (
        "youngest company",
        lambda: ("ties", top({n: int(a["year_established"]) for n, a in accounts().items()}, 1)),
    ),
    ("top 3 countries by number of accounts", lambda: ("ties", [1, 2, 3])),
    ("which country has the most accounts?", lambda: [("United States", 71)]),
    ("which sector has the most accounts", lambda: [("retail", 17)]),
    ("which manager has the most reps", lambda: ("ties", [("Rocco Neubert", 6)])),
    (
        "5 largest accounts by headcount",
        lambda: top({n: int(a["employees"]) for n, a in accounts().items()}, 5),
    ),
    (
        "company with the fewest employees",
        lambda: top({n: int(a["employees"]) for n, a in accounts().items()}, 1, lowest=True),
    ),
    (
        "second best rep by won revenue",
        lambda: ("declined_or", top(by(lambda d: d.rep, total, lambda d: d.won), 2)[1:]),
    ),
    ("rank managers by number of won deals", lambda: top(by(lambda d: d.manager, len, lambda d: d.won), 6)),
    (
        "rank products by win rate, highest first",
        lambda: top({p: rate(lambda d, p=p: d.product == p) for p in products()}, 7),
    ),
    (
        "bottom 5 reps by number of won deals",
        lambda: top(by(lambda d: d.rep, len, lambda d: d.won), 5, lowest=True),
    ),
    ("top 2 products per region by revenue", lambda: ("declined",)),
    (
        "most valuable account in terms of won revenue",
        lambda: top(by(lambda d: d.account, total, lambda d: d.won), 1),
    ),
    ("least sold product", lambda: top(by(lambda d: d.product, len, lambda d: d.won), 1, lowest=True)),
    (
        "best selling product by number of deals",
        lambda: top(by(lambda d: d.product, len, lambda d: d.won), 1),
    ),
    (
        "top three reps for GTX Plus Pro by won revenue",
        lambda: top(by(lambda d: d.rep, total, lambda d: d.won and d.product == "GTX Plus Pro"), 3),
    ),
    ("top 10 reps by number of open deals", lambda: top(by(lambda d: d.rep, len, lambda d: d.open), 10)),
    (
        "which rep has the shortest average sales cycle",
        lambda: top(
            by(lambda d: d.rep, lambda r: mean(d.days for d in r), lambda d: d.won or d.lost), 1, lowest=True
        ),
    ),
    ("cheapest GTX product", lambda: [("GTX Basic", 550)]),
]
WINDOWS: list[Case] = [
    ("how many deals closed in June 2017", lambda: count(lambda d: month(d) == "2017-06")),
    ("won deals in 2017 Q2", lambda: count(lambda d: d.won and within(d.closed, *Q2))),
    (
        "how much did we win in the second half of 2017?",
        lambda: won(lambda d: within(d.closed, "2017-07-01", "2017-12-31")),
    ),
    ("revenue for H1 2017", lambda: won(lambda d: within(d.closed, "2017-01-01", "2017-06-30"))),
    ("sales in October 2017", lambda: won(lambda d: month(d) == "2017-10")),
    ("deals engaged in November 2016", lambda: engaged_in("2016-11-01", "2016-11-30")),
    (
        "how many deals were engaged between Jan 2017 and Mar 2017",
        lambda: engaged_in("2017-01-01", "2017-03-31"),
    ),
    ("how many opportunities started in 2017", lambda: engaged_in("2017-01-01", "2017-12-31")),
    (
        "how many opps did Rosie Papadopoulos engage in August 2017",
        lambda: count(
            lambda d: d.rep == "Rosie Papadopoulos" and within(d.engaged, "2017-08-01", "2017-08-31")
        ),
    ),
    (
        "number of deals lost before May 2017",
        lambda: count(lambda d: d.lost and within(d.closed, "2000-01-01", "2017-04-30")),
    ),
    (
        "deals won after 15 December 2017",
        lambda: ("declined_or", count(lambda d: d.won and within(d.closed, "2017-12-16", "2099-01-01"))),
    ),
    (
        "won revenue until end of June 2017",
        lambda: won(lambda d: within(d.closed, "2000-01-01", "2017-06-30")),
    ),
    (
        "won revenue by the end of April 2017",
        lambda: won(lambda d: within(d.closed, "2000-01-01", "2017-04-30")),
    ),
    (
        "won revenue from March through May 2017",
        lambda: won(lambda d: within(d.closed, "2017-03-01", "2017-05-31")),
    ),
    (
        "won revenue from 2017-04-15 to 2017-05-15",
        lambda: won(lambda d: within(d.closed, "2017-04-15", "2017-05-15")),
    ),
    (
        "how many deals were lost between 2017-07-01 and 2017-07-31",
        lambda: count(lambda d: d.lost and within(d.closed, *JULY)),
    ),
    (
        "how many deals did we lose in the third quarter of 2017",
        lambda: count(lambda d: d.lost and within(d.closed, *Q3)),
    ),
    (
        "won deals in the first quarter of 2017, how many",
        lambda: count(lambda d: d.won and within(d.closed, "2017-01-01", "2017-03-31")),
    ),
    (
        "how many deals did we win on May 5, 2017",
        lambda: count(lambda d: d.won and within(d.closed, "2017-05-05", "2017-05-05")),
    ),
    ("win rate in Q4 2017", lambda: rate(lambda d: within(d.closed, *Q4))),
    (
        "average deal size in September 2017",
        lambda: average(having(lambda d: d.won and month(d) == "2017-09")),
    ),
    (
        "how many deals started in 2016 were won",
        lambda: count(lambda d: d.won and within(d.engaged, "2016-01-01", "2016-12-31")),
    ),
    (
        "deals engaged in Q1 2017 that were lost, how many",
        lambda: count(lambda d: d.lost and within(d.engaged, "2017-01-01", "2017-03-31")),
    ),
    (
        "how many deals were engaged in March 2017 and closed in June 2017",
        lambda: count(lambda d: within(d.engaged, "2017-03-01", "2017-03-31") and month(d) == "2017-06"),
    ),
    (
        "won revenue in June and July 2017",
        lambda: ("declined_or", won(lambda d: month(d) in ("2017-06", "2017-07"))),
    ),
    (
        "how many deals took more than 100 days to close",
        lambda: count(lambda d: (d.won or d.lost) and d.days > 100),
    ),
    (
        "how many deals were won within 30 days",
        lambda: ("declined_or", count(lambda d: d.won and d.days <= 30)),
    ),
    ("won deals with a sales cycle under 10 days, how many", lambda: count(lambda d: d.won and d.days < 10)),
]
COMPARISONS: list[Case] = [
    (
        "compare win rate of East, West and Central",
        lambda: {r: rate(lambda d, r=r: d.region == r) for r in ("East", "West", "Central")},
    ),
    (
        "GTX Pro vs MG Advanced by won revenue",
        lambda: {p: won(lambda d, p=p: d.product == p) for p in ("GTX Pro", "MG Advanced")},
    ),
    (
        "Cara Losch vs Rocco Neubert number of won deals",
        lambda: {m: count(lambda d, m=m: d.won and d.manager == m) for m in ("Cara Losch", "Rocco Neubert")},
    ),
    (
        "compare Q3 2017 and Q4 2017 won revenue",
        lambda: {
            "2017-Q3": won(lambda d: within(d.closed, *Q3)),
            "2017-Q4": won(lambda d: within(d.closed, *Q4)),
        },
    ),
    (
        "did the East or the West win more deals?",
        lambda: {r: count(lambda d, r=r: d.won and d.region == r) for r in ("East", "West")},
    ),
    (
        "who has the higher win rate, Boris Faz or Donn Cantrell?",
        lambda: {r: rate(lambda d, r=r: d.rep == r) for r in ("Boris Faz", "Donn Cantrell")},
    ),
    (
        "which brought more revenue, GTX Plus Pro or GTX Pro?",
        lambda: {p: won(lambda d, p=p: d.product == p) for p in ("GTX Plus Pro", "GTX Pro")},
    ),
    (
        "is the average deal size higher in East or in West",
        lambda: {r: average(having(lambda d, r=r: d.won and d.region == r)) for r in ("East", "West")},
    ),
    (
        "average sales cycle: won vs lost",
        lambda: {
            "won": mean(d.days for d in having(lambda d: d.won)),
            "lost": mean(d.days for d in having(lambda d: d.lost)),
        },
    ),
    (
        "won revenue in Central compared with East in Q2 2017",
        lambda: {r: won(lambda d, r=r: d.region == r and within(d.closed, *Q2)) for r in ("Central", "East")},
    ),
    (
        "how much more revenue did Q2 2017 have than Q1 2017",
        lambda: abs(
            won(lambda d: within(d.closed, *Q2)) - won(lambda d: within(d.closed, "2017-01-01", "2017-03-31"))
        ),
    ),
    (
        "how many more deals did we win in May than in April 2017",
        lambda: abs(
            count(lambda d: d.won and month(d) == "2017-05")
            - count(lambda d: d.won and month(d) == "2017-04")
        ),
    ),
    (
        "difference in win rate between Cara Losch and Rocco Neubert",
        lambda: abs(rate(lambda d: d.manager == "Cara Losch") - rate(lambda d: d.manager == "Rocco Neubert")),
    ),
    (
        "percentage change in won deals from October to November 2017",
        lambda: (
            100
            * (
                count(lambda d: d.won and month(d) == "2017-11")
                / count(lambda d: d.won and month(d) == "2017-10")
                - 1
            )
        ),
    ),
    (
        "by what percent did won revenue grow from Q1 2017 to Q2 2017",
        lambda: (
            100
            * (
                won(lambda d: within(d.closed, *Q2))
                / won(lambda d: within(d.closed, "2017-01-01", "2017-03-31"))
                - 1
            )
        ),
    ),
    (
        "revenue growth Q3 to Q4 2017",
        lambda: 100 * (won(lambda d: within(d.closed, *Q4)) / won(lambda d: within(d.closed, *Q3)) - 1),
    ),
    (
        "won deals in retail versus medical accounts",
        lambda: {s: count(lambda d, s=s: d.won and d.sector == s) for s in ("retail", "medical")},
    ),
    (
        "number of lost deals for Hottechi vs Kan-code",
        lambda: {a: count(lambda d, a=a: d.lost and d.account == a) for a in ("Hottechi", "Kan-code")},
    ),
    (
        "Does Darcel Schlecht have more open deals than Zane Levy?",
        lambda: {r: count(lambda d, r=r: d.open and d.rep == r) for r in ("Darcel Schlecht", "Zane Levy")},
    ),
    ("which has more employees, Hottechi or Konex?", lambda: {a: emp(a) for a in ("Hottechi", "Konex")}),
    (
        "is Sonron bigger than Initech by annual revenue",
        lambda: {a: revenue_of(a) for a in ("Sonron", "Initech")},
    ),
]
RATIOS: list[Case] = [
    ("what's our win rate?", lambda: rate()),
    ("win % for Cecily Lampkin", lambda: rate(lambda d: d.rep == "Cecily Lampkin")),
    ("conversion rate of the West region", lambda: rate(lambda d: d.region == "West")),
    ("Hottechi win rate", lambda: rate(lambda d: d.account == "Hottechi")),
    ("win rate for retail accounts", lambda: rate(lambda d: d.sector == "retail")),
    ("what's the win rate on GTK 500 deals", lambda: rate(lambda d: d.product == "GTK 500")),
    ("win rate of Rocco Neubert's reps", lambda: rate(lambda d: d.manager == "Rocco Neubert")),
    (
        "what percentage of deals did Jonathan Berthelot win",
        lambda: (
            "either",
            rate(lambda d: d.rep == "Jonathan Berthelot"),
            100
            * count(lambda d: d.won and d.rep == "Jonathan Berthelot")
            / count(lambda d: d.rep == "Jonathan Berthelot"),
            ("declined",),
        ),
    ),
    ("what percent of closed deals were lost", lambda: 100 - rate()),
    (
        "percentage of closed deals won by Marty Freudenburg",
        lambda: (
            "either",
            rate(lambda d: d.rep == "Marty Freudenburg"),
            100 * count(lambda d: d.won and d.rep == "Marty Freudenburg") / count(lambda d: d.won or d.lost),
            ("declined",),
        ),
    ),
    ("percent of won revenue from the East region", lambda: 100 * won(lambda d: d.region == "East") / won()),
    (
        "what share of won revenue comes from GTX Pro",
        lambda: 100 * won(lambda d: d.product == "GTX Pro") / won(),
    ),
    (
        "share of won revenue by region",
        lambda: {r: 100 * won(lambda d, r=r: d.region == r) / won() for r in ("East", "West", "Central")},
    ),
    ("what percent of accounts are in retail", lambda: 100 * 17 / 85),
    (
        "percentage of accounts that are subsidiaries",
        lambda: 100 * len(companies(lambda a: a["subsidiary_of"])) / 85,
    ),
    (
        "what fraction of reps are in the East",
        lambda: 100 * sum(r["regional_office"] == "East" for r in people().values()) / len(people()),
    ),
    (
        "what percent of deals are in Prospecting",
        lambda: 100 * count(lambda d: d.stage == "Prospecting") / len(deals()),
    ),
    (
        "what % of Q4 2017 wins were GTX Basic",
        lambda: (
            100
            * count(lambda d: d.won and within(d.closed, *Q4) and d.product == "GTX Basic")
            / count(lambda d: d.won and within(d.closed, *Q4))
        ),
    ),
    (
        "percentage of won deals in Central that were above 5000",
        lambda: (
            100
            * count(lambda d: d.won and d.region == "Central" and d.value > 5000)
            / count(lambda d: d.won and d.region == "Central")
        ),
    ),
    ("lost to won ratio", lambda: count(lambda d: d.lost) / count(lambda d: d.won)),
    ("ratio of open to closed deals", lambda: count(lambda d: d.open) / count(lambda d: d.won or d.lost)),
    (
        "ratio of won revenue between East and West",
        lambda: ("declined_or", won(lambda d: d.region == "East") / won(lambda d: d.region == "West")),
    ),
    (
        "what portion of Darcel Schlecht's deals are won",
        lambda: (
            100
            * count(lambda d: d.won and d.rep == "Darcel Schlecht")
            / count(lambda d: d.rep == "Darcel Schlecht")
        ),
    ),
    (
        "loss rate by manager",
        lambda: {m: 100 - rate(lambda d, m=m: d.manager == m) for m in {d.manager for d in deals()}},
    ),
]
LOOKUPS: list[Case] = [
    ("who manages Corliss Cosme", lambda: "Cara Losch"),
    ("who is Wilburn Farren's boss?", lambda: "Cara Losch"),
    ("who's the manager for Hayden Neloms", lambda: "Celia Rouche"),
    ("what region does Kami Bicknell work in", lambda: "West"),
    ("regional office of Reed Clapper", lambda: "East"),
    ("Which team is Anna Snelling on?", lambda: ("either", "Central", "Dustin Brinkmann", (CLARIFY,))),
    ("what industry is Faxquote in?", lambda: "telecommunications"),
    ("what does Ganjaflex do", lambda: ("declined",)),
    ("sector of Betatech", lambda: "medical"),
    ("where is Streethex based?", lambda: "Belgium"),
    ("headquarters of Rangreen", lambda: "Panama"),
    ("what country is Sunnamplex located in", lambda: "Poland"),
    ("which country is Globex Corporation from", lambda: "Norway"),
    ("who is the parent of Dalttechnology", lambda: "Bubba Gump"),
    ("which company owns Cheers", lambda: "Massive Dynamic"),
    ("is Scotfind a subsidiary, and of whom", lambda: ("declined_or", "Bubba Gump")),
    ("number of employees at Initech", lambda: emp("Initech")),
    ("how big is Konex's workforce", lambda: ("declined_or", emp("Konex"))),
    ("headcount of Zumgoity", lambda: emp("Zumgoity")),
    ("Acme Corporation annual revenue", lambda: revenue_of("Acme Corporation")),
    ("yearly revenue of Singletechno in millions", lambda: revenue_of("Singletechno")),
    ("what year was Bioplex established", lambda: int(accounts()["Bioplex"]["year_established"])),
    ("founding year of Treequote", lambda: int(accounts()["Treequote"]["year_established"])),
    ("price of the GTX Pro", lambda: 4821),
    ("how much does MG Special cost?", lambda: 55),
    ("what's the sales price for GTK 500", lambda: 26768),
    ("what series does MG Advanced belong to", lambda: "MG"),
    ("who was the rep on deal 1C1I7A6R", lambda: "Moses Frase"),
    ("who sold MV1LWRNH?", lambda: "Moses Frase"),
    ("which account is Z063OYW0 with", lambda: "Isdom"),
    ("when was deal 1C1I7A6R engaged", lambda: "2016-10-20"),
    ("close date of MV1LWRNH", lambda: "2017-03-09"),
    ("value of opportunity EC4QE1BX", lambda: 50),
    ("what product was sold in 1C1I7A6R", lambda: "GTX Plus Basic"),
    ("which rep and product for opportunity EC4QE1BX", lambda: ("contains", "Darcel Schlecht")),
    ("did we win opportunity Z063OYW0?", lambda: ("declined_or", "Won")),
    ("which account did we win 1C1I7A6R with", lambda: ("declined_or", "Cancity")),
]
RELATED: list[Case] = [
    (
        "how many deals did we win with accounts in Italy",
        lambda: count(lambda d: d.won and d.country == "Italy"),
    ),
    (
        "won revenue from customers outside the US",
        lambda: won(lambda d: d.country and d.country != "United States"),
    ),
    (
        "revenue from companies founded after 2000",
        lambda: won(lambda d: d.account and int(accounts()[d.account]["year_established"]) > 2000),
    ),
    (
        "won revenue from accounts with fewer than 500 employees",
        lambda: won(lambda d: d.account and emp(d.account) < 500),
    ),
    (
        "deals won with subsidiaries of Acme Corporation, how many",
        lambda: count(
            lambda d: d.won and d.account and accounts()[d.account]["subsidiary_of"] == "Acme Corporation"
        ),
    ),
    (
        "won revenue from subsidiaries of Sonron",
        lambda: won(lambda d: d.account and accounts()[d.account]["subsidiary_of"] == "Sonron"),
    ),
    (
        "how much did the West sell to technology companies",
        lambda: won(lambda d: d.region == "West" and d.sector == "technolgy"),
    ),
    (
        "average deal size with companies that have over 5000 employees",
        lambda: average(having(lambda d: d.won and d.account and emp(d.account) > 5000)),
    ),
    ("win rate with accounts based in Germany", lambda: rate(lambda d: d.country == "Germany")),
    ("how many GTX series deals were won", lambda: count(lambda d: d.won and d.series == "GTX")),
    ("won revenue for products priced above 4000", lambda: won(lambda d: d.price > 4000)),
    ("how many deals are for products that cost less than 1000", lambda: count(lambda d: d.price < 1000)),
    (
        "accounts with more than 80 lost deals",
        lambda: {a: n for a, n in by(lambda d: d.account, len, lambda d: d.lost).items() if a and n > 80},
    ),
    (
        "which reps won more than 200 deals",
        lambda: {a: n for a, n in by(lambda d: d.rep, len, lambda d: d.won).items() if n > 200},
    ),
    (
        "reps with a win rate above 65%",
        lambda: {
            r: v
            for r, v in {r: rate(lambda d, r=r: d.rep == r) for r in {d.rep for d in deals()}}.items()
            if v > 65
        },
    ),
    (
        "which sectors brought in more than 1 million",
        lambda: {s: v for s, v in by(lambda d: d.sector, total, lambda d: d.won).items() if v > 1e6},
    ),
    (
        "accounts with open deals in the East, how many",
        lambda: len({d.account for d in deals() if d.open and d.region == "East" and d.account}),
    ),
    (
        "which accounts have both won and open deals",
        lambda: (
            "declined_or",
            {d.account for d in deals() if d.won} & {d.account for d in deals() if d.open and d.account},
        ),
    ),
    (
        "how many reps lost more than 100 deals",
        lambda: sum(n > 100 for n in by(lambda d: d.rep, len, lambda d: d.lost).values()),
    ),
    (
        "months with won revenue over 1,100,000",
        lambda: {m: v for m, v in by(month, total, lambda d: d.won).items() if v > 1.1e6},
    ),
]
NEGATIONS: list[Case] = [
    ("how many deals were not lost", lambda: count(lambda d: not d.lost)),
    ("how many deals haven't closed", lambda: count(lambda d: d.open)),
    ("deals that are neither won nor lost, how many", lambda: count(lambda d: d.open)),
    ("won revenue excluding GTK 500", lambda: won(lambda d: d.product != "GTK 500")),
    ("won revenue without the West region", lambda: won(lambda d: d.region != "West")),
    ("total won value except Darcel Schlecht", lambda: won(lambda d: d.rep != "Darcel Schlecht")),
    ("win rate excluding Darcel Schlecht", lambda: rate(lambda d: d.rep != "Darcel Schlecht")),
    (
        "won deals not from retail accounts, how many",
        lambda: ("either", count(lambda d: d.won and d.sector != "retail")),
    ),
    (
        "accounts not in the United States",
        lambda: companies(lambda a: a["office_location"] != "United States"),
    ),
    (
        "which accounts aren't based in the US",
        lambda: companies(lambda a: a["office_location"] != "United States"),
    ),
    (
        "medical companies that are not in the United States",
        lambda: companies(lambda a: a["sector"] == "medical" and a["office_location"] != "United States"),
    ),
    ("products not in the GTX series", lambda: {n for n, p in products().items() if p["series"] != "GTX"}),
    (
        "which products did Carol Thompson never sell",
        lambda: (
            "declined_or",
            set(products()) - {d.product for d in deals() if d.won and d.rep == "Carol Thompson"},
        ),
    ),
    (
        "which accounts have never bought GTK 500",
        lambda: set(accounts()) - {d.account for d in deals() if d.won and d.product == "GTK 500"},
    ),
    ("accounts without any won deals", lambda: set(accounts()) - {d.account for d in deals() if d.won}),
    ("which reps didn't win any deals", lambda: set(people()) - {d.rep for d in deals() if d.won}),
    ("reps with no open deals", lambda: set(people()) - {d.rep for d in deals() if d.open}),
    (
        "which reps haven't sold any GTK 500",
        lambda: set(people()) - {d.rep for d in deals() if d.won and d.product == "GTK 500"},
    ),
    ("accounts with no open deals", lambda: set(accounts()) - {d.account for d in deals() if d.open}),
    (
        "reps not managed by Summer Sewald",
        lambda: {n for n, r in people().items() if r["manager"] != "Summer Sewald"},
    ),
    (
        "reps outside the West region",
        lambda: {n for n, r in people().items() if r["regional_office"] != "West"},
    ),
    (
        "which agents sold nothing in Q2 2017",
        lambda: set(people()) - {d.rep for d in deals() if d.won and within(d.closed, *Q2)},
    ),
    (
        "lost deals other than MG Special and GTX Basic, how many",
        lambda: count(lambda d: d.lost and d.product not in ("MG Special", "GTX Basic")),
    ),
    (
        "how many won deals were neither GTX Basic nor MG Special",
        lambda: count(lambda d: d.won and d.product not in ("MG Special", "GTX Basic")),
    ),
    (
        "how many accounts do not have a parent company",
        lambda: len(companies(lambda a: not a["subsidiary_of"])),
    ),
    ("open deals without an account, how many", lambda: count(lambda d: d.open and not d.account)),
    ("how many open deals have an account", lambda: count(lambda d: d.open and d.account)),
    ("non-retail accounts, how many", lambda: len(companies(lambda a: a["sector"] != "retail"))),
    (
        "how many deals were won not in 2017 Q1",
        lambda: ("declined_or", count(lambda d: d.won and not within(d.closed, "2017-01-01", "2017-03-31"))),
    ),
]
COMBINED: list[Case] = [
    (
        "how many GTX Basic deals did Corliss Cosme win in Q3 2017",
        lambda: count(
            lambda d: (
                d.won and d.product == "GTX Basic" and d.rep == "Corliss Cosme" and within(d.closed, *Q3)
            )
        ),
    ),
    (
        "won revenue of Cara Losch's team from retail accounts in the US",
        lambda: won(
            lambda d: d.manager == "Cara Losch" and d.sector == "retail" and d.country == "United States"
        ),
    ),
    (
        "lost MG Advanced deals in the West with medical accounts during 2017, how many?",
        lambda: count(
            lambda d: d.lost and d.product == "MG Advanced" and d.region == "West" and d.sector == "medical"
        ),
    ),
    (
        "win rate of Elease Gluck on GTX Plus Basic in Q4 2017",
        lambda: rate(
            lambda d: d.rep == "Elease Gluck" and d.product == "GTX Plus Basic" and within(d.closed, *Q4)
        ),
    ),
    (
        "how many deals over 4000 did the East win in May 2017",
        lambda: count(lambda d: d.won and d.value > 4000 and d.region == "East" and month(d) == "2017-05"),
    ),
    (
        "finance or software accounts with more than 2000 employees outside the US",
        lambda: companies(
            lambda a: (
                a["sector"] in ("finance", "software")
                and int(a["employees"]) > 2000
                and a["office_location"] != "United States"
            )
        ),
    ),
    (
        "average sales cycle of won GTX Pro deals in the Central region",
        lambda: mean(
            d.days for d in having(lambda d: d.won and d.product == "GTX Pro" and d.region == "Central")
        ),
    ),
    (
        "top 3 reps by won revenue for MG Advanced in the East in Q2 2017",
        lambda: top(
            by(
                lambda d: d.rep,
                total,
                lambda d: (
                    d.won and d.product == "MG Advanced" and d.region == "East" and within(d.closed, *Q2)
                ),
            ),
            3,
        ),
    ),
    (
        "how many GTX Pro or GTX Plus Pro deals did James Ascencio and Kary Hendrixson win",
        lambda: count(
            lambda d: (
                d.won
                and d.product in ("GTX Pro", "GTX Plus Pro")
                and d.rep in ("James Ascencio", "Kary Hendrixson")
            )
        ),
    ),
    (
        "open GTX Basic deals of Gladys Colclough in Engaging, count",
        lambda: count(
            lambda d: d.stage == "Engaging" and d.product == "GTX Basic" and d.rep == "Gladys Colclough"
        ),
    ),
    (
        "won revenue by sector for accounts with more than 5000 employees",
        lambda: by(lambda d: d.sector, total, lambda d: d.won and d.account and emp(d.account) > 5000),
    ),
    (
        "deals won by Niesha Huffines worth between 3000 and 6000 in 2017",
        lambda: {
            d.id for d in having(lambda d: d.won and d.rep == "Niesha Huffines" and 3000 <= d.value <= 6000)
        },
    ),
    (
        "how many GTX deals did Summer Sewald's reps lose after August 2017?",
        lambda: count(
            lambda d: (
                d.lost
                and d.series == "GTX"
                and d.manager == "Summer Sewald"
                and within(d.closed, "2017-09-01", "2099-01-01")
            )
        ),
    ),
    (
        "software accounts founded before 2000 with revenue under 500",
        lambda: companies(
            lambda a: (
                a["sector"] == "software" and int(a["year_established"]) < 2000 and float(a["revenue"]) < 500
            )
        ),
    ),
    (
        "number of won deals by product for Markita Hansen in H2 2017",
        lambda: by(
            lambda d: d.product,
            len,
            lambda d: d.won and d.rep == "Markita Hansen" and within(d.closed, "2017-07-01", "2017-12-31"),
        ),
    ),
]
TYPOS: list[Case] = [
    ("how many delas did boris faz win", lambda: count(lambda d: d.won and d.rep == "Boris Faz")),
    ("win rate for Moses Frasse", lambda: rate(lambda d: d.rep == "Moses Frase")),
    ("totl won revenue for gtxpro", lambda: won(lambda d: d.product == "GTX Pro")),
    ("won revenue for gtx-plus-pro", lambda: won(lambda d: d.product == "GTX Plus Pro")),
    ("accounts in technolgy", lambda: companies(lambda a: a["sector"] == "technolgy")),
    ("accounts in technology", lambda: companies(lambda a: a["sector"] == "technolgy")),
    ("how many accounts in Philipines", lambda: 1),
    ("how many deals did Rosalena Deiter win", lambda: count(lambda d: d.won and d.rep == "Rosalina Dieter")),
    ("won revenu from Hotechi", lambda: won(lambda d: d.account == "Hottechi")),
    ("wich rep has the most lost deals", lambda: top(by(lambda d: d.rep, len, lambda d: d.lost), 1)),
    ("averge deal siez in teh west", lambda: average(having(lambda d: d.won and d.region == "West"))),
    ("how many deels closed in septmber 2017", lambda: count(lambda d: month(d) == "2017-09")),
    ("list telecomunications accounts", lambda: companies(lambda a: a["sector"] == "telecommunications")),
    ("opertunities by stage", lambda: by(lambda d: d.stage, len)),
    ("manger of Vicki Laflame", lambda: "Celia Rouche"),
    ("won revenue of the new york inquirer", lambda: won(lambda d: d.account == "The New York Inquirer")),
    ("won deals for Gekko and Co, count", lambda: count(lambda d: d.won and d.account == "Gekko & Co")),
    ("how many deals for genco", lambda: count(lambda d: d.account == "Genco Pura Olive Oil Company")),
    ("mei mei johns open deals count", lambda: count(lambda d: d.open and d.rep == "Mei-Mei Johns")),
    ("dambase won revenue", lambda: won(lambda d: d.account == "dambase")),
    ("won deals for xx zobam, how many", lambda: count(lambda d: d.won and d.account == "Xx-zobam")),
    ("Vilolet Mclellan win rate", lambda: rate(lambda d: d.rep == "Violet Mclelland")),
    ("how many deals did Mclelland win", lambda: count(lambda d: d.won and d.rep == "Violet Mclelland")),
    ("Papadopoulos won revenue", lambda: won(lambda d: d.rep == "Rosie Papadopoulos")),
    ("vehement capital revenue won", lambda: won(lambda d: d.account == "Vehement Capital Partners")),
]
UNANSWERABLE: list[Case] = [
    ("remove Acme Corporation from the accounts", said(REFUSE)),
    ("mark opportunity 1C1I7A6R as won", said(REFUSE)),
    ("create a new account called Foo", said(REFUSE)),
    ("change the price of GTX Pro to 5000", said(REFUSE)),
    ("update all prospecting deals to engaging", said(REFUSE)),
    ("add a deal for Isdom worth 5000", said(REFUSE)),
    ("send an email to all reps in the East", said(REFUSE)),
    ("can you close deal Z063OYW0 for me", said(REFUSE)),
    ("move Hottechi's deals to Boris Faz", said(REFUSE)),
    ("drop table opportunities", said(REFUSE)),
    ("merge Konex and Konmatfix", said(REFUSE)),
    ("assign the open GTK 500 deals to Reed Clapper", said(REFUSE)),
    ("what will our revenue be next year?", said(REFUSE)),
    ("predict Q1 2018 won revenue", said(REFUSE)),
    ("what's the email address of Hottechi's CEO", said(REFUSE)),
    ("what commission did Boris Faz earn?", said(REFUSE)),
    ("how old is Darcel Schlecht", said("declined")),
    ("what is the stock price of Initech", said(REFUSE)),
    ("what is the capital of France?", said(REFUSE)),
    ("tell me a joke", said(REFUSE)),
    ("how satisfied are our customers", said(REFUSE)),
    ("which competitor did we lose to most often", said("declined")),
    ("why are we losing in the East", said(REFUSE)),
    ("which rep should I fire", said(REFUSE)),
    ("what was our marketing spend in Q2", said("declined")),
    ("show me Zane Levy's salary", said(REFUSE)),
    ("show me the best accounts", said(CLARIFY)),
    ("who are our top reps?", said(CLARIFY)),
    ("which deals are important", said(CLARIFY)),
    ("list the small companies", said(CLARIFY)),
    ("show me good deals", said(CLARIFY)),
    ("biggest accounts", said(CLARIFY)),
    ("how are we doing?", said(CLARIFY)),
    ("how is Boris doing", said(CLARIFY)),
    ("which rep is performing best", said(CLARIFY)),
    ("show me the performance of Carl", said(CLARIFY)),
    ("recent wins", said(CLARIFY)),
    ("high value opportunities", said("declined")),
    ("what are the old deals", said(CLARIFY)),
    ("revenue for Acme Corporation", said(CLARIFY)),
    ("deals from last summer", said("declined")),
]

ALL: list[Case] = [
    *COUNTS,
    *LISTS,
    *AGGREGATES,
    *GROUPS,
    *TOPS,
    *WINDOWS,
    *COMPARISONS,
    *RATIOS,
    *LOOKUPS,
    *RELATED,
    *NEGATIONS,
    *COMBINED,
    *TYPOS,
    *UNANSWERABLE,
]
