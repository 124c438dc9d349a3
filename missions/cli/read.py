"""The commands that look up: rank, profile, indicator, sources and sql.

Belongs here: the questions and what of the answers is shown.
"""

import sys
from decimal import Decimal
from typing import Annotated

import typer
from rich.measure import Measurement

from missions.cli.app import LOOK_UP, Csv, Json, app
from missions.cli.printing import (
    as_text,
    new_console,
    printed_as_data,
    show_authority,
    show_card,
    show_drivers,
    show_ends,
    show_indicator,
    show_notes,
    show_ranks,
    show_scores,
    table_of,
)
from missions.errors import UsageError
from missions.reading.names import choose, find_authority
from missions.reading.queries import (
    PEER_WORDS,
    SCORES,
    SOURCE_FILES,
    SOURCES,
    Rows,
    ask,
    neighbourhood,
    open_published,
    ranked,
)
from missions.reading.wording import day_words, publisher_words, refreshable_words, shortened, type_words

SQL_ROWS = 40  # a screenful; --csv and --json give all


@app.command(rich_help_panel=LOOK_UP)
def rank(
    ctx: typer.Context,
    mission: Annotated[str | None, typer.Option(help="Rank by this mission, not by all together.")] = None,
    region: Annotated[str | None, typer.Option(help="Only councils of this region.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only councils of this type.")] = None,
    neighbours_of: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this council and its statistical neighbours.")
    ] = None,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Neighbours under this model: open, ons, ons_economic, ons_demographic or dfe."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the councils with the greatest need. Ranks are among all councils, whatever the list is cut down to."""
    with open_published(ctx) as connection:
        (councils,) = ask(connection, "SELECT count(*) FROM composite_index").values[0]
        indices = dict(ask(connection, f"SELECT DISTINCT index_id, index_name FROM ({SCORES}) ORDER BY ALL").values)
        index_id = choose("mission", mission, indices) if mission else "composite"
        title = [indices[index_id]]
        if region:
            names = ask(connection, "SELECT DISTINCT region_name, region_name FROM dim_authority ORDER BY ALL").values
            region = choose("region", region, dict(names), forgiving=True)
            title.append(region)
        if type_:
            types = ask(connection, "SELECT DISTINCT authority_type FROM dim_authority ORDER BY ALL").values
            type_ = choose("type", type_, {name: type_words(name) for (name,) in types})
            title.append(type_words(type_))
        council, group = None, None
        if neighbours_of:
            council = find_authority(connection, neighbours_of)
            model = choose("peer model", "ons_global" if peers == "ons" else peers, PEER_WORDS) if peers else None
            group, words = neighbourhood(connection, council, model)
            title.append(words)
        elif peers:
            raise UsageError("--peers says whose neighbours; name the council with --neighbours-of")
        found = ranked(connection, index_id, region, type_, group)
    shown = Rows(found.columns, found.values[:top])
    if printed_as_data(shown, as_json, as_csv):
        return
    matching = len(found.values)
    of_matching = f" of the {matching} that match," if len(shown.values) < matching < councils else ""
    show_ranks(shown.records, f"{', '.join(title)}: {len(shown.values)}{of_matching} of {councils} councils", council)


@app.command(rich_help_panel=LOOK_UP)
def profile(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
    ],
    top: Annotated[
        int, typer.Option(min=1, help="How many indicators to show each way; --json and --csv have all.")
    ] = 5,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show a council's scores and ranks, and the indicators behind them. --csv has the indicators."""
    with open_published(ctx) as connection:
        code = find_authority(connection, " ".join(words))
        (authority,) = ask(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
        scores = ask(
            connection,
            f"""
            WITH of_type AS (SELECT authority_type, count(*) AS authorities_of_type FROM dim_authority GROUP BY ALL)
            SELECT index_id, index_name, need_band, need_z, need_score, need_rank, need_rank_in_type,
                authorities_of_type, need_decile, percentile, published_share, is_mostly_published
            FROM ({SCORES})
            JOIN dim_authority USING (authority_code)
            JOIN of_type USING (authority_type)
            WHERE authority_code = $code
            ORDER BY index_id <> 'composite', index_name
            """,
            code=code,
        ).records
        indicators = ask(
            connection,
            f"""
            SELECT score.indicator_id, indicator_title, mission_name, unit, score.value_basis, value_basis_reason,
                coalesce(source.publisher, indicator.publisher) AS publisher,
                coalesce(source.dataset, indicator.dataset) AS dataset,
                indicator.caveat, score.value, england.value AS england_value, need_z, need_rank, contribution,
                england.value_basis AS england_value_basis, period_start_date, score.period_end_date,
                england.period_end_date AS england_period_end_date
            FROM indicator_score AS score
            JOIN dim_indicator AS indicator USING (indicator_id)
            LEFT JOIN ({SOURCES}) AS source ON score.source_id = source.source_id
            JOIN indicator_benchmark AS england
                ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
            WHERE authority_code = $code
            ORDER BY contribution DESC, indicator_id
            """,
            code=code,
        )
    if printed_as_data(
        indicators, as_json, as_csv, {"authority": authority, "scores": scores, "indicators": indicators.records}
    ):
        return
    console = new_console()
    show_authority(console, authority)
    show_scores(console, scores)
    raising = [r for r in indicators.records if r["contribution"] > 0][:top]
    lowering = [r for r in reversed(indicators.records) if r["contribution"] < 0][:top]
    show_drivers(console, "What raises its need most", raising)
    show_drivers(console, "What lowers its need most", lowering)
    show_notes(console, raising + lowering)


@app.command(rich_help_panel=LOOK_UP)
def indicator(
    ctx: typer.Context,
    indicator_id: Annotated[str, typer.Argument(metavar="ID", help="An indicator's id, such as fuel_poverty.")],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what an indicator is, where it comes from and how councils stand on it. --csv has every council."""
    with open_published(ctx) as connection:
        titles = dict(ask(connection, "SELECT indicator_id, indicator_title FROM dim_indicator ORDER BY ALL").values)
        chosen = choose("indicator", indicator_id, titles)
        (described,) = ask(
            connection,
            """
            SELECT * FROM dim_indicator JOIN indicator_treatment USING (indicator_id) WHERE indicator_id = $chosen
            """,
            chosen=chosen,
        ).records
        (england,) = ask(
            connection,
            """
            SELECT value, value_basis, period_end_date FROM indicator_benchmark
            WHERE indicator_id = $chosen AND area_name = 'England'
            """,
            chosen=chosen,
        ).records
        coverage = ask(
            connection,
            """
            SELECT value_basis, count(*) AS authorities FROM indicator_score WHERE indicator_id = $chosen
            GROUP BY ALL ORDER BY authorities DESC, value_basis
            """,
            chosen=chosen,
        ).records
        councils = ask(
            connection,
            """
            SELECT need_rank, authority_code, authority_name, authority_type, region_name, value_basis,
                value_basis_reason, value, value_lower_95, value_upper_95, value_treated, need_z,
                period_start_date, period_end_date
            FROM indicator_score JOIN dim_authority USING (authority_code)
            WHERE indicator_id = $chosen
            ORDER BY need_rank, if($more_is_more, -value, value), authority_name
            """,
            chosen=chosen,
            more_is_more=described["higher_means"] == "more_need",
        )
    whole = {"indicator": described, "england": england, "coverage": coverage, "authorities": councils.records}
    if printed_as_data(councils, as_json, as_csv, whole):
        return
    console = new_console()
    show_indicator(console, described, england, coverage)
    show_ends(console, councils.records, described["unit"])
    for basis in ("stale", "estimated"):
        names = [r["authority_name"] for r in councils.records if r["value_basis"] == basis]
        if names:
            console.print(f"{basis.capitalize()} ({len(names)}): {shortened(sorted(names))}")


@app.command(rich_help_panel=LOOK_UP)
def sources(
    ctx: typer.Context,
    source_id: Annotated[str | None, typer.Argument(help="Show every file of this source.", show_default=False)] = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the sources, or the files of one with their checksums."""
    with open_published(ctx) as connection:
        found = ask(connection, SOURCES)
        if source_id:
            source_id = choose("source", source_id, {r["source_id"]: r["source_id"] for r in found.records})
            found = ask(
                connection,
                f"SELECT * EXCLUDE (source_ids) FROM ({SOURCE_FILES}) WHERE source_id = $source_id ORDER BY path",
                source_id=source_id,
            )
    if printed_as_data(found, as_json, as_csv):
        return
    console = new_console()
    if not source_id:
        for source in found.records:
            console.print(source["source_id"], style="bold")
            console.print(
                f"{publisher_words(source['publisher'])}: {source['dataset']}. {source['licence']}; "
                f"snapshot of {day_words(source['snapshot_date'])}; {refreshable_words(source)}"
            )
        return
    for file in found.records:
        console.print(file["path"], style="bold")
        show_card(
            console,
            {
                "Publisher": publisher_words(file["publisher"]),
                "Data set": file["dataset"],
                "Page": file["landing_page"],
                "Licence": file["licence"],
                "Snapshot": f"{day_words(file['snapshot_date'])}; {refreshable_words(file)}",
                "Distributor": file["distributor"],
                "Its path": file["distributor_path"],
                "Commit": file["distributor_commit"],
                "SHA-256": file["sha256"],
                "Bytes": f"{file['bytes']:,}",
                "Areas": f"{file['geography_level']}; codes: {file['code_vintage']}",
                "Seed": f"seeds/{file['seed_path']}",
                "Caveat": file["caveat"],
            },
        )


@app.command(rich_help_panel=LOOK_UP)
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="SQL", help="For example: FROM composite_index LIMIT 5")],
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Run SQL on the published file. It can read nothing else, and write nothing."""
    with open_published(ctx) as connection:
        if not connection.extract_statements(query):
            raise UsageError("there is no SQL to run")
        found = ask(connection, query)
    if printed_as_data(found, as_json, as_csv):
        return
    console = new_console()
    shown = [[as_text(value) for value in row] for row in found.values[:SQL_ROWS]]
    numeric = [
        any(isinstance(row[i], int | float | Decimal) for row in found.values) for i in range(len(found.columns))
    ]
    table = table_of(dict(zip(found.columns, ["right" if n else "left" for n in numeric], strict=True)), shown)
    if Measurement.get(console, console.options.update(max_width=sys.maxsize), table).minimum <= console.width:
        console.print(table)
    else:  # too wide: each row stands on its side
        for row in shown:
            show_card(console, dict(zip(found.columns, row, strict=True)))
    if len(found.values) > SQL_ROWS:
        console.print(f"… {len(found.values) - SQL_ROWS:,} more rows; use --csv")
