"""The vocabulary of the demo company: people, companies, products, and what they say.

All of it is invented. Mail lives on `.example`, telephone numbers in the ranges set aside for fiction
(555-01xx in North America; Ofcom's drama numbers; the Bundesnetzagentur's), so that nobody is disturbed.
"""

COMPANY = "Harrow & Vale Outdoor Power"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = {
    "US": _names(
        """
        Abigail Adam Alan Alice Amanda Andrea Andrew Angela Anthony Barbara Benjamin Beth Brandon
        Brenda Brian Caleb Carla Carol Catherine Charles Christine Claire Craig Curtis Cynthia
        Daniel David Deborah Dennis Diane Donna Douglas Dylan Edward Elaine Elena Emily Eric Ethan
        Eva Frank Gary George Gloria Grace Grant Gregory Hannah Harold Heather Helen Henry Holly Ian
        Irene Jack Jacob Janet Jason Jeffrey Jennifer Jesse Joan Joel Jonathan Joyce Judith Julia
        Justin Karen Keith Kelly Kenneth Kevin Laura Lauren Leah Lisa Logan Lucas Lydia Marcus Maria
        Martin Megan Melissa Michael Michelle Monica Nathan Nicole Noah Olivia Pamela Patricia Paul
        Peter Philip Rachel Ralph Rebecca Richard Roger Rosa Russell Samantha Samuel Sandra Sean
        Sharon Sophia Stephen Susan Teresa Theodore Thomas Tiffany Timothy Tyler Valerie Vanessa
        Victor Wayne Wendy
        """
    ),
    "DE": _names(
        """
        Andreas Anja Bernd Birgit Carsten Christian Claudia Dirk Eva Florian Frank Gabriele Heike
        Ingo Jana Jens Jörg Jürgen Karin Katrin Lars Lena Markus Martina Matthias Nadine Nina Oliver
        Petra Ralf Sabine Sven Tanja Thomas Ulrike Uwe
        """
    ),
    "IN": _names(
        """
        Aditi Ajay Amit Anand Anita Anjali Arjun Asha Deepak Divya Gaurav Harish Isha Kavita Kiran
        Lakshmi Manoj Meera Mohan Neha Nikhil Pooja Pradeep Priya Rahul Rajesh Ravi Rohan Sandeep
        Sanjay Shreya Sunita Suresh Varun Vijay Vikram
        """
    ),
}

LAST_NAMES = {
    "US": _names(
        """
        Abbott Aldrich Amory Ashby Atwell Bainbridge Barlow Barnhart Beckett Bellamy Blackwood Boone
        Bradshaw Brinkley Brubaker Buckley Burkhart Calloway Carmody Castell Chadwick Clements Colby
        Corwin Crandall Culver Dalton Danforth Delaney Dorsey Drummond Eastman Eberly Ellison
        Fairbank Farrow Fenwick Finch Fowler Gable Garrity Gentry Goodwin Granger Greer Hadley
        Halvorsen Hargrove Hartwell Haskins Hathaway Hobart Holloway Huxley Ingram Jarvis Keane
        Keller Kendrick Kessler Kirkland Lambert Landry Langley Lindqvist Lockwood Lowry Maddox
        Marlowe Mayfield McCall McNair Mercer Merritt Milburn Nash Newell Norwood Oakley Ostrander
        Pace Parrish Pembroke Penrose Pickett Prescott Quimby Radcliff Ramsey Redfern Ridley Rollins
        Rutherford Sawyer Schaffer Shelby Sinclair Stanton Sterling Stoddard Sutter Swanson Tanner
        Thatcher Tillman Truman Vance Vogel Wadsworth Wakefield Waverly Weston Whitaker Winslow
        Wyatt Yoder Zeller
        """
    ),
    "DE": _names(
        """
        Albrecht Bergmann Brandt Dietrich Ebert Engelhardt Fiedler Gerlach Haas Heinrich Hoffmeister
        Jansen Keller Kessler Krüger Lindner Lorenz Möller Neumann Ott Pfeiffer Reuter Sauer
        Schreiber Seidel Thiele Ulrich Vogt Wendt Ziegler
        """
    ),
    "IN": _names(
        """
        Agarwal Banerjee Bhat Chandra Chopra Desai Ghosh Gupta Iyer Jain Joshi Kapoor Khanna
        Kulkarni Malhotra Mehta Menon Mishra Nair Patil Pillai Rao Reddy Saxena Shah Sharma Singh
        Verma
        """
    ),
}

# Name patterns by account type; {name} is a family name, {town} the town.
COMPANY_PATTERNS = {
    "dealer": (
        "{name} Outdoor Power", "{name} Lawn & Snow", "{name} & Sons Equipment", "{name} Mower Centre",
        "{town} Yard Works {name}", "{name} Farm & Garden", "{name} Small Engines",
        "{name} Power Sports & Lawn",
        "{name} Brothers Implement", "{name} Turf Supply",
    ),
    "distributor": ("{name} Wholesale Equipment", "{name} Distribution Partners", "{name} Regional Supply"),
    "customer": (
        "{name} Landscaping", "{name} Grounds Care", "{name} Tree Service", "{name} Orchards",
        "{name} Nurseries",
        "{name} Property Services", "{town} Greens {name}", "{name} Farms",
    ),
    "prospect": ("{name} Hardware", "{name} Garden Centre", "{name} Rentals", "{name} Feed & Seed"),
    "partner": ("{name} Service Network", "{name} Finance Partners"),
}  # fmt: skip

INDUSTRIES = {
    "dealer": "retail",
    "distributor": "wholesale",
    "customer": "landscaping",
    "prospect": "retail",
    "partner": "services",
}

STREETS = (
    "Main Street", "High Street", "Mill Road", "Market Street", "Station Road", "Industrial Parkway",
    "Depot Street",
    "Commerce Drive", "Church Street", "River Road", "Orchard Lane", "Foundry Street", "Fairground Road",
    "Old Canal Road", "Enterprise Avenue", "Granary Lane",
)  # fmt: skip
STREETS_DE = ("Hauptstraße", "Bahnhofstraße", "Gartenweg", "Mühlenstraße", "Industriestraße", "Am Markt")

JOB_TITLES = ("Owner", "General Manager", "Purchasing Manager", "Sales Manager", "Parts Manager",
              "Service Manager",
              "Store Manager", "Operations Manager", "Buyer", "Fleet Manager")  # fmt: skip

# (name, code, family, list price in dollars, unit of an order)
PRODUCTS = (
    ("Vale 21 Push Mower", "HV-M21", "Mowing", 429),
    ("Vale 30 Wide Mower", "HV-M30", "Mowing", 1_349),
    ("Harrow R42 Lawn Tractor", "HV-R42", "Mowing", 2_799),
    ("Harrow R54 Garden Tractor", "HV-R54", "Mowing", 4_150),
    ("Harrow Z60 Zero-Turn", "HV-Z60", "Mowing", 8_900),
    ("Harrow Z72 Zero-Turn Pro", "HV-Z72", "Mowing", 13_400),
    ("Vale E18 Trimmer", "HV-T18", "Handheld", 189),
    ("Vale E36 Blower", "HV-B36", "Handheld", 279),
    ("Vale C50 Chainsaw", "HV-C50", "Handheld", 499),
    ("Vale C70 Chainsaw Pro", "HV-C70", "Handheld", 899),
    ("Harrow S24 Snow Thrower", "HV-S24", "Snow", 1_099),
    ("Harrow S30 Snow Thrower", "HV-S30", "Snow", 1_999),
    ("Harrow U6 Utility Vehicle", "HV-U6", "Utility", 14_900),
    ("Blade and Belt Stock Pack", "HV-P10", "Parts", 640),
    ("Dealer Display Kit", "HV-D01", "Parts", 1_250),
    ("Service Plan, one year", "HV-SP1", "Service", 360),
)

LOSS_REASONS = (
    "price", "chose a competitor", "no budget", "bad timing", "no decision", "product gap", "lost contact",
)  # fmt: skip

TAGS = (
    ("Key account", "gold"), ("Spring pre-order", "green"), ("Snow programme", "blue"), ("New dealer",
    "teal"),
    ("At risk", "red"), ("Showroom", "purple"), ("Slow payer", "orange"), ("Reference", "grey"),
)  # fmt: skip

SUBJECTS = {
    "call": ("Spring pre-order", "Stock levels", "Price list question", "Delivery date", "Warranty claim",
             "Floor-plan terms", "Quarterly check-in", "Missing parts"),
    "email": ("Quote sent", "New price list", "Order confirmation", "Display kit pictures", "Training dates",
              "Answer on discounts"),
    "meeting": ("Season planning", "Product presentation", "Contract review", "Dealer agreement"),
    "video_call": ("Product demo", "Quote walk-through", "Introduction"),
    "visit": ("Dealer visit", "Showroom check", "Season visit", "Service bay visit"),
    "note": ("Competitor on the floor", "Moved the display", "Owner retires next year",
             "Second location planned"),
}  # fmt: skip

OUTCOMES = {
    "call": ("Reached, interested", "Left a message", "Asked to call back", "Agreed on next step",
             "No answer"),
    "email": ("Answered", "No answer yet", "Forwarded to the buyer"),
    "meeting": ("Agreed on next step", "Needs a revised quote", "Decision next month"),
    "video_call": ("Liked the demo", "Wants a site visit", "Needs a revised quote"),
    "visit": ("Restocked the display", "Took a parts order", "Showroom in good shape",
              "Trained two salespeople",
              "Owner away, spoke to parts", "Discussed the pre-order"),
}  # fmt: skip

TASKS = (
    "Send revised quote", "Call back about the order", "Prepare season plan", "Send dealer agreement",
    "Check delivery date", "Follow up on the demo", "Update stock list", "Book the next visit",
)  # fmt: skip

LEAD_INTERESTS = (
    "zero-turn line", "dealer agreement", "snow throwers", "fleet of mowers", "chainsaw range",
    "utility vehicles",
    "service plan", "rental fleet",
)  # fmt: skip

AREA_CODES = {
    "OH": ("614", "740", "216", "330", "419", "513", "937"), "IN": ("317", "260", "574"), "MI": ("313",
           "517", "616"),
    "PA": ("412", "814", "717"), "KY": ("502", "859", "606"), "WV": ("304",), "ON": ("416", "519"),
           "QC": ("514",),
    "BC": ("604",), "AB": ("403",),
}  # fmt: skip
