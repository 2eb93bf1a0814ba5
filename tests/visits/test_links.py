"""Google Maps links: as many as needed, no waypoint too many, nothing missed between them."""

from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from crm_api.ports import Coordinates
from crm_api.visits.links import desktop_links, mobile_links


def places(count):
    return [Coordinates(40 + n / 100, -83 - n / 100) for n in range(count)]


def points(link):
    """Every place of a link, in order."""
    query = parse_qs(urlsplit(link).query)
    return [query["origin"][0], *query.get("waypoints", [""])[0].split("|"), query["destination"][0]]


def travelled(links):
    """Every place of a chain of links; each must begin where the one before ends."""
    for before, after in pairwise(links):
        assert points(before)[-1] == points(after)[0]
    return [place for link in links for place in points(link)[(link != links[0]) :] if place]


def test_a_link_is_what_googles_documentation_says():
    (link,) = mobile_links(places(4))
    assert link == (
        "https://www.google.com/maps/dir/?api=1&origin=40.000000,-83.000000"
        "&destination=40.030000,-83.030000&travelmode=driving"
        "&waypoints=40.010000,-83.010000%7C40.020000,-83.020000&dir_action=navigate"
    )


@pytest.mark.parametrize(("links", "most"), [(desktop_links, 9), (mobile_links, 3)])
@pytest.mark.parametrize("count", range(2, 26))
def test_a_chain_passes_every_place_once_with_no_waypoint_too_many(links, most, count):
    chain = links(places(count))
    assert travelled(chain) == [f"{p.latitude:.6f},{p.longitude:.6f}" for p in places(count)]
    assert all(len([p for p in points(link)[1:-1] if p]) <= most for link in chain)
    assert len(chain) == -(-(count - 1) // (most + 1))


def test_a_desktop_link_stays_under_the_length_a_url_may_have():
    assert max(map(len, desktop_links(places(11)))) < 2048


@pytest.mark.parametrize("count", [0, 1])
def test_no_drive_is_no_link(count):
    assert desktop_links(places(count)) == []
