"""`missions profile`: one council, found by any of its names."""

import pytest

from tests.support.commands import Ask, Marts, records, table


def test_profile_prints_the_marts(ask: Ask, marts: Marts) -> None:
    [(code,)] = marts("SELECT authority_code FROM composite_index ORDER BY need_rank, authority_code LIMIT 1")
    found = records(ask("profile", code, "--json"))
    scores = marts(
        """
        SELECT 'composite', need_score, need_rank FROM composite_index WHERE authority_code = $1
        UNION ALL SELECT mission_id, need_score, need_rank FROM mission_index WHERE authority_code = $1
        """,
        code,
    )
    assert found["authority"]["authority_code"] == code
    assert sorted((s["index_id"], s["need_score"], s["need_rank"]) for s in found["scores"]) == sorted(scores)
    cells = marts(
        """
        SELECT indicator_id, score.value, need_rank, contribution, score.value_basis, score.period_end_date::VARCHAR,
            england.value
        FROM indicator_score AS score
        JOIN indicator_benchmark AS england USING (indicator_id)
        WHERE authority_code = ? AND area_code = 'E92000001' ORDER BY contribution DESC, indicator_id
        """,
        code,
    )
    keys = ["indicator_id", "value", "need_rank", "contribution", "value_basis", "period_end_date", "england_value"]
    assert [tuple(i[key] for key in keys) for i in found["indicators"]] == cells
    assert len(table(ask("profile", code, "--csv"))) == 1 + len(cells)
    raises, lowers = ask("profile", code, "--top", "1000", columns=200).stdout.split("What lowers its need most")
    assert raises.count("published; ") + lowers.count("published; ") > 50
    assert all(i["indicator_title"] in raises for i in found["indicators"] if i["contribution"] > 0)
    assert all(i["indicator_title"] in lowers for i in found["indicators"] if i["contribution"] < 0)


def test_every_indicator_of_a_profile_names_the_publisher_of_its_own_source(ask: Ask, marts: Marts) -> None:
    """Hackney's child obesity comes from a different publisher from nearly all other councils'."""
    cells = {i["indicator_id"]: i for i in records(ask("profile", "Hackney", "--json"))["indicators"]}
    assert cells["year_6_obesity"]["publisher"] == "Office for Health Improvement and Disparities"
    assert all(cell["publisher"] for cell in cells.values())


def test_profile_says_what_is_not_published_and_why(ask: Ask) -> None:
    shown = ask("profile", "Isles of Scilly", "--top", "1000", columns=160).stdout
    assert "estimated (" in shown and "stale (" in shown
    assert "England's figure is for the period to " in shown
    assert "Health" in shown and "% *" in shown


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("E08000016", "Barnsley"),
        ("e08000038", "Barnsley"),  # since 2025
        ("blackpool", "Blackpool"),
        ("Bristol", "Bristol, City of"),
        ("Hull", "Kingston upon Hull, City of"),
        ("Herefordshire Council", "Herefordshire, County of"),
        ("Westminster City Council", "Westminster"),
        ("Royal Borough of Kensington & Chelsea", "Kensington and Chelsea"),
        ("St Helens", "St. Helens"),
        ("St. Albans", "St Albans"),
        ("kings lynn & west norfolk", "King's Lynn and West Norfolk"),
        ("King\u2019s Lynn and West Norfolk", "King's Lynn and West Norfolk"),
        ("stoke on trent", "Stoke-on-Trent"),
        ("Durham", "County Durham"),
        ("the Isle of Wight", "Isle of Wight"),
        ("City of London", "City of London"),
        ("Dorset", "Dorset"),  # also the name of a county that was split
        ("Somerset County Council", "Somerset"),
        ("Wyre Council", "Wyre"),
        ("surrey county", "Surrey"),
        ("Barnsley MBC", "Barnsley"),
        ("BANES", "Bath and North East Somerset"),
    ],
)
def test_profile_finds_a_council_by_what_it_is_called(ask: Ask, typed: str, name: str) -> None:
    result = ask("profile", typed, "--json")
    assert records(result)["authority"]["authority_name"] == name
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("typed", "name", "said"),
    [
        ("Craven", "North Yorkshire", "Craven has been part of North Yorkshire since 1 April 2023\n"),
        ("E07000163", "North Yorkshire", "Craven has been part of North Yorkshire since 1 April 2023\n"),
        ("Northampton Borough Council", "West Northamptonshire", "since 1 April 2021\n"),
        ("E08000020", "Gateshead", "E08000020 was the code of Gateshead until 1 April 2013\n"),
        ("E10000027", "Somerset", "E10000027 was the code of Somerset until 1 April 2023\n"),
    ],
)
def test_profile_finds_a_former_council_and_says_so(ask: Ask, typed: str, name: str, said: str) -> None:
    result = ask("profile", typed, "--json")
    assert records(result)["authority"]["authority_name"] == name
    assert result.stderr.endswith(said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Cumbria", "was split on 1 April 2023 into: Cumberland; Westmorland and Furness"),
        ("E10000021", "was split on 1 April 2021 into: North Northamptonshire; West Northamptonshire"),
        ("E10000009", "was split on 1 April 2019 into: Bournemouth, Christchurch and Poole; Dorset"),
        ("Newcastle", "could be: Newcastle upon Tyne; Newcastle-under-Lyme"),
        ("London", "is a region; try `missions rank --region London`"),
        ("Blackpol", "No council named 'Blackpol'. Did you mean Blackpool?"),
        ("Barrow", "Did you mean Barrow-in-Furness"),
        (
            "Greater Manchester",
            "is a combined authority; try `missions rank --combined-authority 'Greater Manchester'`",
        ),
        ("E12000001", "is a region; try `missions rank --region 'North East'`"),
        ("Cardiff", "Cardiff is in Wales; this index covers English councils only"),
        ("SW1A 1AX", "There is no live postcode SW1A 1AX"),
        ("West Surrey", "Its parts: Guildford; Runnymede;"),
        ("xyzzy", "No council named 'xyzzy'."),
        ("", "No council named ''."),
    ],
)
def test_profile_takes_no_guess(ask: Ask, typed: str, said: str) -> None:
    result = ask("profile", typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
