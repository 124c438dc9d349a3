"""Names of councils in use, for tests of the command and of the site: each with the council that it is of.

They are the full names in the register of councils and the names in mySociety's uk_local_authority_names_and_codes
(data/lookup_name_to_registry.csv, CC BY 4.0) of councils that exist.
"""

import csv
from pathlib import Path

with Path(__file__).with_name("names_in_use.csv").open(encoding="utf-8", newline="") as _file:
    NAMES_IN_USE = {row["name"]: row["authority_name"] for row in csv.DictReader(_file)}

# Titles as ONS, the former DCLG and people on the web shorten them.
SHORT_TITLES = ("UA", "MBC", "BC", "DC", "CC", "LBC", "MD", "(B)", "mdc", "London Boro", "Council", "Unitary Authority")

# What is typed, and the names of what is found first: certain matches, then similar names in their order.
CERTAIN = {
    "Wyre Council": ["Wyre"],
    "Surrey Council": ["Surrey"],
    "surrey county": ["Surrey"],
    "Newcastle": ["Newcastle upon Tyne", "Newcastle-under-Lyme"],
    "Newcastle City Council": ["Newcastle upon Tyne"],
    "BANES": ["Bath and North East Somerset"],
    "B&NES Council": ["Bath and North East Somerset"],
    "RBKC": ["Kensington and Chelsea"],
    "LBTH": ["Tower Hamlets"],
    "LB of Barnet": ["Barnet"],
    "Saint Helens": ["St. Helens"],
    "N Yorks": ["North Yorkshire"],
    "NE Lincs": ["North East Lincolnshire"],
    "East Herts DC": ["East Hertfordshire"],
    "Brighton Hove": ["Brighton and Hove"],
    "Stockton upon Tees": ["Stockton-on-Tees"],
    "Shepway": ["Folkestone and Hythe"],
    "Adur and Worthing": ["Adur", "Worthing"],
    "Corporation of London": ["City of London"],
    "City of London": ["City of London"],
    "00BN": ["Manchester"],
    "E0701": ["Hartlepool"],
    "Royal Tunbridge Wells": ["Tunbridge Wells"],
    "Kernow": ["Cornwall"],
    "St.Albans City & District Council": ["St Albans"],
    "L.B. Tower Hamlets": ["Tower Hamlets"],
    "Adur and Worthing Councils": ["Adur", "Worthing"],
    "Leeds (Met)": ["Leeds"],
    "Leeds, UK": ["Leeds"],
    "East Mids": ["East Midlands"],
    "Y&H": ["Yorkshire and The Humber"],
    "Hull": ["Kingston upon Hull, City of"],
    "H&F": ["Hammersmith and Fulham"],
    "Medway Towns": ["Medway"],
    "IOW Council": ["Isle of Wight"],
    "The Wirral": ["Wirral"],
    "LB Hammersmith & Fulham": ["Hammersmith and Fulham"],
    "Salop": ["Shropshire"],
    "South Yorks CA": ["South Yorkshire"],
    "Taunton Deane": ["Taunton Deane"],
    "Ynys Mon": ["Isle of Anglesey"],
    "Craven": ["Craven"],
    "Brighton": ["Brighton"],
    "London": ["London"],
    "Greater London": ["London"],
    "Greater Manchester": ["Greater Manchester"],
    "Greater Manchester Council": ["Greater Manchester"],
    "GMCA": ["Greater Manchester"],
    "West Midlands": ["West Midlands"],
    "Liverpool City Region Combined Authority": ["Liverpool City Region"],
    "NHS Sussex": ["NHS Sussex Integrated Care Board"],
    "Frimley ICB": ["NHS Frimley Integrated Care Board"],
    "Berkshire": ["Berkshire"],
    "East Surrey Council": ["East Surrey"],
    "Cardiff": ["Cardiff"],
    "Cardiff County Council": ["Cardiff"],
    "Ynys M\u00f4n": ["Isle of Anglesey"],
    "Wales": ["Wales"],
    "E08000038": ["Barnsley"],
    "e47000001": ["Greater Manchester"],
    "W06000015": ["Cardiff"],
}
SIMILAR = {
    "Blackpol": ["Blackpool"],
    "Birmingam": ["Birmingham"],
    "Leister": ["Leicester", "Leicestershire"],
    "Glouster": ["Gloucester", "Gloucestershire"],
    "Isle of White": ["Isle of Wight"],
    "Kingston": ["Kingston upon Thames", "Kingston upon Hull, City of"],
    "Richmond": ["Richmond upon Thames", "Richmondshire"],
    "Barrow": ["Barrow-in-Furness"],
    "Furness": ["Westmorland and Furness", "Barrow-in-Furness"],
    "Manchester Combined Authority": ["Manchester", "Greater Manchester"],
    "Leeds City Region": ["Leeds"],
    "Edinbrugh": ["City of Edinburgh"],
}
NOTHING = ("xyzzy", "Paris", "Toronto", "ZZ1 1AA", "CF10 1EP", "FY1", "S12999999", "E99999999", "")
