import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.offline.gazetteer import Gazetteer
from integrations.offline.places import places

GAZETTEER = Gazetteer()


async def labels(address: str, country: str | None = None) -> list[str]:
    return [place.label for place in await GAZETTEER.geocode(address, country=country)]


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("Columbus, Ohio", "Columbus, Ohio, US"),
        ("columbus, oh", "Columbus, Ohio, US"),
        ("Columbus OH 43215", "Columbus, Ohio, US"),
        ("50 West Broad Street, Columbus, OH 43215, USA", "Columbus, Ohio, US"),
        ("Columbus, Indiana", "Columbus, Indiana, US"),
        ("Columbus, IN", "Columbus, Indiana, US"),
        ("Washington, PA", "Washington, Pennsylvania, US"),
        ("New York", "New York, New York, US"),
        ("New York, NY 10001-1234", "New York, New York, US"),
        ("St Louis, Missouri", "St. Louis, Missouri, US"),
        ("Montreal", "Montréal, Québec, CA"),
        ("Trois-Rivieres, Quebec", "Trois-Rivières, Québec, CA"),
        ("Toronto, ON M5V 2T6, Canada", "Toronto, Ontario, CA"),
        ("10 Downing Street, London SW1A 2AA, UK", "London, England, GB"),
        ("Marienplatz 1, 80331 München, Deutschland", "München, Bayern, DE"),
        ("Munich, Germany", "München, Bayern, DE"),
        ("Jungfernstieg 1, Hamburg", "Hamburg, Hamburg, DE"),
        ("Bangalore, India", "Bengaluru, Karnataka, IN"),
        ("MG Road, Bengaluru, Karnataka 560001, India", "Bengaluru, Karnataka, IN"),
    ],
)
async def test_an_address_finds_its_town(address: str, label: str) -> None:
    assert (await labels(address))[0] == label


@pytest.mark.parametrize(
    "address",
    [
        "",
        "  ,  ",
        "43215",
        "Atlantis",
        "Columbus, Georgia",
        "London, France",
        "Main Street, Ohio",
        "Ohio",
        "USA",
    ],
)
async def test_what_is_not_understood_to_the_end_gives_no_place(address: str) -> None:
    assert await labels(address) == []


async def test_a_name_shared_by_several_towns_gives_all_of_them_the_largest_first() -> None:
    found = await GAZETTEER.geocode("Springfield")
    assert [place.label for place in found] == [
        "Springfield, Missouri, US",
        "Springfield, Illinois, US",
        "Springfield, Ohio, US",
    ]
    assert all(place.is_partial for place in found)


async def test_the_country_keeps_the_other_towns_of_that_name_out() -> None:
    assert await labels("London", "CA") == ["London, Ontario, CA"]
    assert await labels("London, UK", "US") == []


async def test_a_street_that_was_ignored_is_admitted() -> None:
    exact, with_street = (
        await GAZETTEER.geocode("Dayton, OH"),
        await GAZETTEER.geocode("1 Main St, Dayton, OH"),
    )
    assert not exact[0].is_partial
    assert with_street[0].is_partial
    assert with_street[0].precision == "town"


@given(st.sampled_from(places()))
async def test_every_town_of_the_table_finds_itself(place) -> None:  # type: ignore[no-untyped-def]
    for name in (place.name, *place.also):
        found = await GAZETTEER.geocode(f"{name.upper()}, {place.region_name}", country=place.country)
        assert found[0].coordinates.latitude == place.latitude
        assert len(found) == 1


@given(st.text(max_size=60))
async def test_no_text_can_upset_it(text: str) -> None:
    assert isinstance(await GAZETTEER.geocode(text), list)
