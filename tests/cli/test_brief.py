"""`missions brief`: a council in sentences, the same as on its page."""

from pathlib import Path

from tests.support.commands import Ask, Marts, records
from tests.support.pages import Page


def test_brief_says_what_the_page_says(ask: Ask, publication: Path) -> None:
    for name, slug in (("Blackpool", "blackpool"), ("scilly", "isles-of-scilly")):
        says = Page((publication / f"site/authority/{slug}.html").read_text(encoding="utf-8")).says
        lines = ask("brief", name).stdout.strip().split("\n\n")
        on_page = [text.replace("\u2019", "'") for _, text in says[: len(lines) - 1]]
        assert lines[1:] == on_page
        found = records(ask("brief", name, "--json"))
        assert [sentence["text"] for sentence in found["sentences"]] == on_page


def test_brief_gives_the_facts_of_its_sentences(ask: Ask, marts: Marts) -> None:
    [(code, rank)] = marts("SELECT authority_code, need_rank FROM composite_index ORDER BY need_rank DESC LIMIT 1")
    found = records(ask("brief", code, "--json"))
    assert found["authority"]["authority_code"] == code
    position, *rest = found["sentences"]
    assert position["kind"] == "position" and position["facts"]["need_rank"] == rank
    assert {"drivers", "change", "basis", "limits"} <= {sentence["kind"] for sentence in rest}


def test_brief_asks_back_for_an_unknown_name(ask: Ask) -> None:
    unknown = ask("brief", "Atlantis")
    assert unknown.exit_code == 2 and "No council named 'Atlantis'" in unknown.stderr
