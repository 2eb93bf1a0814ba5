"""The closed part of English that questions are made of: cues, words that carry nothing, words that lead nowhere.

Nothing here names a field, a kind or a record: those words come from the catalogues. Phrases are separated by
semicolons, single words by spaces.
"""


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(";"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CUES: dict[str, tuple[str, ...]] = {
    "count": _phrases(
        "how many; number of; no of; count of; count; counts; # of; how many times; tally; quantity of"
    ),
    "sum": _phrases(
        "total; sum of; sum; how much; combined; overall; totals; in total; altogether; cumulative"
    ),
    "avg": _phrases("average; avg; mean; on average; typical; averages; typically"),
    "median": _phrases("median"),
    "max": _phrases(
        "highest; largest; biggest; maximum; max; greatest; most expensive; priciest; longest; strongest; "
        "slowest; single highest; single largest; single biggest; highest single; largest single; biggest single; "
        "single greatest"
    ),
    "min": _phrases(
        "lowest; smallest; minimum; min; cheapest; least expensive; shortest; tiniest; weakest; fastest; "
        "quickest; single lowest; single smallest; lowest single; smallest single"
    ),
    "newest": _phrases("latest; newest; most recent; most recently; youngest; last"),
    "oldest": _phrases("oldest; earliest; first"),
    "top": _phrases("top"),
    "bottom": _phrases("bottom"),
    "most": _phrases(
        "most; maximum number of; highest number of; largest number of; most often; most frequently; "
        "most commonly"
    ),
    "least": _phrases(
        "least; fewest; lowest number of; smallest number of; least often; least frequently; rarest"
    ),
    "rank": _phrases("rank; ranked; ranking; sort; sorted; order; ordered; leaderboard"),
    "ask": _phrases(
        "list; show; which; what; give; display; find; name; names; tell; see; get; view; look up; pull up; pull; "
        "bring up; dig up; dig out; fetch; pull out"
    ),
    "who": _phrases("who; whom; whose"),
    "where": _phrases("where"),
    "when": _phrases("when; on what date; what date; which date"),
    "by": _phrases(
        "by; per; grouped by; broken down by; split by; breakdown by; across; for each; for every; in "
        "each; of each; group by; with each; by each; by every; segmented by; in terms of; based on; "
        "according to; measured by; as measured by; judged by"
    ),
    "each": _phrases("each; every"),
    "breakdown": _phrases("breakdown; break down; split; distribution; breakdown of"),
    "vs": _phrases("vs; versus; compared to; compared with; against; v"),
    "compare": _phrases("compare; comparison; comparing; more or less; side by side"),
    "both": _phrases("both"),
    "share": _phrases(
        "percent of; percentage of; share of; proportion of; fraction of; what percent; percentage; what "
        "share; percent; pct of; portion of; what proportion; proportion"
    ),
    "quotient": _phrases("ratio of; ratio"),
    "percent_change": _phrases(
        "percent change; percentage change; growth; growth rate; grew; grow; growing; change in percent; "
        "relative change; pct change; percent growth; percentage growth; percent increase; percent "
        "decrease; percentage increase; percentage decrease"
    ),
    "change": _phrases("change; difference; increase; decrease; gap; delta; differ; drop; decline; rise"),
    "how_many_more": _phrases("how many more; how many fewer"),
    "how_much_more": _phrases(
        "how much more; how much less; how much higher; how much lower; how much larger; how much bigger; "
        "how much smaller; how much greater"
    ),
    "not": _phrases(
        "not; except; excluding; other than; outside; outside of; non; besides; exclude; apart from; "
        "not counting; not including; leaving out; leave out; ignoring; minus; except for; "
        "never; but not; neither; nor; aside from; rather than; excl"
    ),
    "without": _phrases(
        "without; no; lacking; with no; without any; do not have; does not have; did not have; have no; "
        "has no; had no; have not; has not; have never; has never; with zero; missing; have not had; do "
        "not have any; does not have any; nobody; nobody has; nobody ever; no one; no one has; "
        "none of us; none of us has"
    ),
    "gt": _phrases(
        "above; over; more than; greater than; exceeding; larger than; bigger than; higher than; exceeds; "
        "exceed; >; upwards of; in excess of; longer than; north of"
    ),
    "ge": _phrases("at least; >=; no less than; minimum of; or more; not less than"),
    "lt": _phrases(
        "below; under; less than; fewer than; smaller than; lower than; <; cheaper than; shorter than; "
        "south of"
    ),
    "le": _phrases("at most; <=; no more than; up to; or less; or fewer; not more than; maximum of"),
    "eq": _phrases("exactly; equal to; equals; =; precisely"),
    "between": _phrases("between"),
    "or": _phrases("or; /"),
    "and": _phrases("and; plus; as well as; also; along with; ,"),
    "include": _phrases(
        "including; include; includes; incl; inclusive of; also counting; counting also; plus also; and including"
    ),
    "with": _phrases("with; having; that have; that has; containing"),
    "poss": _phrases("'s"),
    "is": _phrases("is; are; was; were; be; been; did; does; do; came; come; comes; coming; went; goes"),
    "that": _phrases("that; which are; that are; who are"),
    "of": _phrases(
        "of; from; for; in; at; on; to; into; within; among; amongst; during; through; out of; out of all; of all"
    ),
    "more": _phrases("more; higher; larger; better; bigger; greater; more often; more frequently"),
    "fewer": _phrases("fewer; less; lower; smaller; worse; less often; less frequently"),
    "mentions": _phrases(
        "mention; mentions; mentioned; mentioning; about; regarding; concerning; discussing; discussed; saying; "
        "talking about; talks about; on the subject of; containing the word; containing the words; with the word; "
        "with the words; says"
    ),
    "summary": _phrases(
        "summary; summary of; summary for; overview; overview of; overview for; summarise; summarize; recap; recap of; "
        "tell me about; what do we know about; profile of; brief me on"
    ),
    "instead": _phrases("instead; rather"),
    "follow": _phrases(
        "what about; how about; and what about; and how about; same for; the same for; and for; now for; "
        "now show; only; just; then; what if; now; also for; and the; but for; but only; same; the same; "
        "same thing; the same thing; likewise; and same; and the same"
    ),
}

BUCKETS: dict[str, str] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "qtr": "quarter",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
    "calendar month": "month",
    "calendar year": "year",
}

# Carry nothing a plan could use, wherever they stand. Comparatives and negations are never here.
STOP_WORDS = _words(
    """
    a an the we us our ours you your me my mine myself i it its they them their there this these those he she his
    her him have has had having can could would will please pls ok okay hey hi hello thanks thank kindly
    right currently current so far ever yet all any some every now today's as if then than such one ones
    am being saw took taken
    get got getting make made take within many much long like want need know work works working
    belong belongs sit sits generate generated generates bring brought brings produce produced
    contribute contributed achieve achieved handle there's data database crm record records figure
    figures result results info information details detail kind value's respective respectively add
    altogether eventually finally operate operates
    involve involves involved involving gave given giving
    actually exactly just simply log logged logs s t re ve d ll let did done does part different
    distinct unique various separate individual
    """
)

# Turns of phrase that say nothing about what is asked, and what is said to be absent: "no account attached".
FILLERS = _phrases(
    "on the books; on our books; on the whole; at the moment; at this moment; at present; as of now; as of today; "
    "these days; in the system; in our system; in the crm; in this crm; on file; on record; in total; out there; "
    "to choose from; do you know; for me; if any; by any chance; all in all; all told; in general; as it stands; "
    "in the database; in our database; in the data; in the data set; in the dataset; at all; to our name; "
    "under our belt; by the way; in our books; in our book; in the book; on our book; one by one; "
    "add up to; adds up to; ended up; end up; "
    "turned out; turn out; make up; makes up; in one go; at a glance"
)
ATTACHED = _words(
    "attached linked associated connected recorded entered specified given listed set filled known"
)

# Where the words end that a text is looked through for: "mentions warranty in May", "about prices by owner".
ENDS_TEXT = _words(
    "in since this last next by from for before after between during on with without per and or within over at of "
    "when where that which who sorted grouped sent made logged"
)

# Verbs that lead to a figure and say nothing without one: "what did X bring" is no question for X's own fields.
SEASONS = _words("spring summer autumn fall winter")

LIGHT = _words(
    """
    generate generated generates bring brought brings produce produced produces contribute contributed
    achieve achieved make making gave given giving
    """
)

# The asker as the owner of records, and where the same words only ask: "show me", "can I see", "I want to know".
MINE = _words("my mine myself me i")
PRONOUNS = _words("he she his her him hers")
# Who does these is a customer; who does the other deeds of a deal is one of us.
CUSTOMER_DEEDS = _words("bought buy buys buying purchased purchase purchases spent spend spends")
LEADS_TO_ME = _words("by to for of from with under on than and or except excluding not is are besides")
MODALS = _words("can could may should shall might must let would")
NOT_MINE_AFTER = _words("want need like wanna would d mean know wonder think believe guess hope ask see")

# Without a number or a figure beside them these say nothing that could be counted on.
VAGUE = _words(
    """
    big large small huge tiny good great best worst better bad poor important key major minor top recent
    recently interesting significant strong weak valuable high low hot cold old new fast slow quick
    quickly soon late early promising notable healthy stale lately performing performer performers
    performance everything anything underperforming leading main doing struggling
    successful busy popular nice decent serious biggest hottest ideal favourite favorite risky
    best-selling selling how well badly poorly
    """
)

# Praise and blame that a figure beside them settles: "the best rep by won revenue", "the worst win rate".
PRAISE: dict[str, str] = {
    "best": "top",
    "top-performing": "top",
    "leading": "top",
    "strongest": "top",
    "worst": "bottom",
    "weakest": "bottom",
}

WRITE_VERBS = _words(
    """
    reassign assign delete remove update create add send email mail mark set move merge import drop
    rename edit book schedule cancel transfer convert approve archive close reopen change modify insert
    replace erase write fix raise lower increase decrease adjust enter put truncate alter upload
    register invite restore purge wipe reset notify message text call remind log record save tag untag
    enrol enroll subscribe unsubscribe grant revoke disable enable draft forward duplicate copy clear
    destroy overwrite lock unlock swap make give turn push bump reduce double complete finish start stop
    hand
    """
)

# These begin an honest question as often as an order; they are orders only with an object and a target.
SOFT_WRITE_VERBS = _words(
    """
    give make close call text record message log export change increase decrease raise lower drop start stop
    complete finish copy turn put set forward hand double order
    """
)

POLITE = _words(
    """
    please pls kindly can could would you i we want need to like let lets us 's go ahead and just now
    then hey hi hello ok okay will should must so
    """
)

SECRETS = _words(
    """
    password passwords passcode credential credentials secret secrets token tokens apikey ssn login
    logins hash hashes salary salaries payroll wage wages iban passport
    """
)

INJECTION = _phrases(
    "ignore previous; ignore all; ignore your; ignore the; disregard; system prompt; your "
    "instructions; drop table; select * from; select *; union select; you are now; act as; jailbreak; "
    "developer mode; api key; api keys; source code; delete from; insert into; credit card; bank "
    "account; home address"
)

# What no catalogue keeps and no count answers; a catalogue that declares the word takes it back.
NOT_KEPT = _words(
    """
    weather profit profits margin margins profitability commission commissions bonus bonuses quota
    quotas churn nps ceo cfo cto president stock joke poem song recipe capital population football
    politics election news movie forecast predict prediction projected projection projections expect why
    should recommend recommendation advice suggest opinion competitor's sentiment happy satisfied
    satisfaction age birthday married weight height tall hobby hobbies lunch dinner translate meaning life
    cost costs expense expenses vacation holiday sick bitcoin write code essay lottery temperature rain
    traffic restaurant flight hotel inventory stock-level refund refunds complaint complaints invoice
    invoices payable attrition headcount warranty shipped shipping shipment shipments policy policies
    happiest unhappy complain complained renew risk cac ltv roi ebitda dividend share-price gender religion race
    """
)
