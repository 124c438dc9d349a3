"""The `missions` command: words in, tables or plain data out.

Belongs here: parsing what people type, the SQL of questions asked of the published file, and printing. Every number is
in the marts already: nothing is worked out here but how it is written. What the commands that write do is in load.py,
snapshot.py and pipeline.py, which are imported only when called, so that `missions rank` starts fast.
"""

import csv
import json
import math
import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import duckdb
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from orchestration import PUBLISHED, SEEDS, WAREHOUSE
from orchestration.publish import DATABASE, PublicationError

SQL_ROWS = 40  # a screenful; --csv and --json give all
END_ROWS = 10  # of an indicator's councils, at either end
LONG_LIST = 12  # of names in a line of text

_SCORES = """
    SELECT 'composite' AS index_id, 'All missions' AS index_name, * FROM composite_index
    UNION ALL BY NAME
    SELECT mission_id AS index_id, mission_name AS index_name, mission_index.* EXCLUDE (mission_id)
    FROM mission_index JOIN dim_mission USING (mission_id)
"""
# One row a source and file: dim_source has one a file, which may serve several sources.
_SOURCE_FILES = "SELECT unnest(string_split(source_ids, ', ')) AS source_id, * FROM dim_source"
_SOURCES = f"""
    SELECT
        source_id,
        string_agg(DISTINCT publisher, '; ' ORDER BY publisher) AS publisher,
        string_agg(DISTINCT dataset, '; ' ORDER BY dataset) AS dataset,
        string_agg(DISTINCT licence, '; ' ORDER BY licence) AS licence,
        max(snapshot_date) AS snapshot_date,
        bool_and(is_refreshable) AS is_refreshable
    FROM ({_SOURCE_FILES})
    GROUP BY source_id
    ORDER BY source_id
"""

_SCORE_NOTE = (
    "Need score: 100 is the average place, 110 is one standard deviation more need. Rank 1 is the greatest need."
)
_FLAG_NOTE = "* mostly not published: less than half of the weight rests on the council's own published figures."
_TYPE_WORDS = {
    "london_borough": "London borough",
    "city_of_london": "City of London",
    "isles_of_scilly": "Isles of Scilly",
}
_PEER_WORDS = {"ons_global": "ONS statistical neighbours", "dfe": "DfE statistical neighbours"}
# What a title adds to a council's name: "City of", "Metropolitan Borough Council", "Royal Borough of" …
_COUNCIL_TITLE = re.compile(
    r"\b((london(?= borough)|royal|metropolitan|county|city|district) )*"
    r"(borough|city|county|district|council|corporation)( council)?( of)?( the)?\b"
)


class Problem(Exception):
    """What the user is told instead of a result. The exit code is 2 where the words of the command are wrong."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _Commands(TyperGroup):
    """The commands, with every failure that can be expected told in plain words."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader has seen enough, as in `missions rank --csv | head`; typer knows what to do.
            raise
        except Problem as problem:
            _tell(str(problem))
            raise typer.Exit(problem.exit_code) from None
        except (duckdb.Error, PublicationError, OSError) as error:
            _tell(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, numbers in full.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, numbers in full.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("missions-index"))
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    published: Annotated[
        Path,
        typer.Option(envvar="MISSIONS_PUBLISHED", help="The folder of the publication to read.", show_default=False),
    ] = PUBLISHED,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Need in the 317 councils of England under the Government's missions: build the index, and ask it."""
    ctx.obj = published


# --- Commands that write ------------------------------------------------------------------------------------------


@app.command()
def load() -> None:
    """Load the seeds into the build file, checked and typed."""
    from orchestration.load import SeedError, load_all
    from orchestration.registry import RegistryError, sources

    WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _progress(len(sources()) + 1) as advance, duckdb.connect(str(WAREHOUSE)) as connection:
            loaded = load_all(connection, lambda done: advance(done.source_id))
    except (SeedError, RegistryError) as error:
        raise Problem(str(error)) from error
    typer.echo(f"{len(loaded)} tables with {sum(done.rows for done in loaded):,} rows loaded into {WAREHOUSE}")


@app.command()
def snapshot(
    folder: Annotated[
        Path, typer.Option("--from", exists=True, file_okay=False, help="The folder of the publishers' files.")
    ],
) -> None:
    """Write the seeds anew from the publishers' own files."""
    from orchestration.registry import RegistryError, sources
    from orchestration.snapshot import SnapshotError
    from orchestration.snapshot import snapshot as write_seeds

    try:
        read = [source for source in sources().values() if source.reader is not None]
        with _progress(len(read)) as advance:
            write_seeds(folder, lambda source, rows: advance(source.source_id))
    except (SnapshotError, RegistryError) as error:
        raise Problem(str(error)) from error
    typer.echo(f"{len(read)} seeds written to {SEEDS}")


@app.command()
def build() -> None:
    """Run everything from the seeds to the publication, and show the ten councils with the greatest need."""
    with Console(stderr=True).status("Building the index …"):
        from orchestration.pipeline import PipelineError, run_index
        from orchestration.registry import RegistryError

        try:
            database = run_index()
        except (PipelineError, RegistryError) as error:
            raise Problem(str(error)) from error
    with _open(database) as connection:
        ranked = _ranked(connection)
    _show_ranks(ranked.records[:10], f"All missions: the ten of {len(ranked.values)} councils with the greatest need")
    query = "SELECT authority_name, need_rank, need_score FROM marts.authority_profile ORDER BY need_rank"
    typer.echo(f"\nPublished: {database}\nIn the DuckDB shell:\n  duckdb -readonly {shlex.quote(str(database))}")
    typer.echo("In Python:")
    typer.echo(f"  import duckdb; duckdb.connect({str(database)!r}, read_only=True).sql({query!r}).show()")


# --- Commands that read -------------------------------------------------------------------------------------------


@app.command()
def rank(
    ctx: typer.Context,
    mission: Annotated[str | None, typer.Option(help="Rank by this mission, not by all together.")] = None,
    region: Annotated[str | None, typer.Option(help="Only councils of this region.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only councils of this type.")] = None,
    neighbours_of: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this council and its statistical neighbours.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: _Json = False,
    as_csv: _Csv = False,
) -> None:
    """List the councils with the greatest need. Ranks are among all councils, whatever the list is cut down to."""
    with _open_published(ctx) as connection:
        (councils,) = _query(connection, "SELECT count(*) FROM composite_index").values[0]
        indices = dict(_query(connection, f"SELECT DISTINCT index_id, index_name FROM ({_SCORES}) ORDER BY ALL").values)
        index_id = _choose("mission", mission, indices) if mission else "composite"
        title = [indices[index_id]]
        if region:
            names = _query(
                connection, "SELECT DISTINCT region_name, region_name FROM dim_authority ORDER BY ALL"
            ).values
            region = _choose("region", region, dict(names), forgiving=True)
            title.append(region)
        if type_:
            types = _query(connection, "SELECT DISTINCT authority_type FROM dim_authority ORDER BY ALL").values
            type_ = _choose("type", type_, {name: _type(name) for (name,) in types})
            title.append(_type(type_))
        council, group = None, None
        if neighbours_of:
            council = _find_authority(connection, neighbours_of)
            group, words = _neighbourhood(connection, council)
            title.append(words)
        found = _ranked(connection, index_id, region, type_, group)
    shown = Rows(found.columns, found.values[:top])
    if _printed_as_data(shown, as_json, as_csv):
        return
    matching = len(found.values)
    of_matching = f" of the {matching} that match," if len(shown.values) < matching < councils else ""
    _show_ranks(shown.records, f"{', '.join(title)}: {len(shown.values)}{of_matching} of {councils} councils", council)


@app.command()
def profile(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-CODE", help="A council's name or code, of today or before.")
    ],
    top: Annotated[
        int, typer.Option(min=1, help="How many indicators to show each way; --json and --csv have all.")
    ] = 5,
    as_json: _Json = False,
    as_csv: _Csv = False,
) -> None:
    """Show a council's scores and ranks, and the indicators behind them. --csv has the indicators."""
    with _open_published(ctx) as connection:
        code = _find_authority(connection, " ".join(words))
        (authority,) = _query(connection, "FROM dim_authority WHERE authority_code = $code", code=code).records
        scores = _query(
            connection,
            f"""
            WITH of_type AS (SELECT authority_type, count(*) AS authorities_of_type FROM dim_authority GROUP BY ALL)
            SELECT index_id, index_name, need_band, need_z, need_score, need_rank, need_rank_in_type,
                authorities_of_type, need_decile, percentile, published_share, is_mostly_published
            FROM ({_SCORES})
            JOIN dim_authority USING (authority_code)
            JOIN of_type USING (authority_type)
            WHERE authority_code = $code
            ORDER BY index_id <> 'composite', index_name
            """,
            code=code,
        ).records
        indicators = _query(
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
            LEFT JOIN ({_SOURCES}) AS source ON score.source_id = source.source_id
            JOIN indicator_benchmark AS england
                ON score.indicator_id = england.indicator_id AND england.area_name = 'England'
            WHERE authority_code = $code
            ORDER BY contribution DESC, indicator_id
            """,
            code=code,
        )
    if _printed_as_data(
        indicators, as_json, as_csv, {"authority": authority, "scores": scores, "indicators": indicators.records}
    ):
        return
    console = _console()
    _show_authority(console, authority)
    _show_scores(console, scores)
    raising = [r for r in indicators.records if r["contribution"] > 0][:top]
    lowering = [r for r in reversed(indicators.records) if r["contribution"] < 0][:top]
    _show_drivers(console, "What raises its need most", raising)
    _show_drivers(console, "What lowers its need most", lowering)
    _show_notes(console, raising + lowering)


@app.command()
def indicator(
    ctx: typer.Context,
    indicator_id: Annotated[str, typer.Argument(metavar="ID", help="An indicator's id, such as fuel_poverty.")],
    as_json: _Json = False,
    as_csv: _Csv = False,
) -> None:
    """Show what an indicator is, where it comes from and how councils stand on it. --csv has every council."""
    with _open_published(ctx) as connection:
        titles = dict(_query(connection, "SELECT indicator_id, indicator_title FROM dim_indicator ORDER BY ALL").values)
        chosen = _choose("indicator", indicator_id, titles)
        (described,) = _query(
            connection,
            """
            SELECT * FROM dim_indicator JOIN indicator_treatment USING (indicator_id) WHERE indicator_id = $chosen
            """,
            chosen=chosen,
        ).records
        (england,) = _query(
            connection,
            """
            SELECT value, value_basis, period_end_date FROM indicator_benchmark
            WHERE indicator_id = $chosen AND area_name = 'England'
            """,
            chosen=chosen,
        ).records
        coverage = _query(
            connection,
            """
            SELECT value_basis, count(*) AS authorities FROM indicator_score WHERE indicator_id = $chosen
            GROUP BY ALL ORDER BY authorities DESC, value_basis
            """,
            chosen=chosen,
        ).records
        councils = _query(
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
    if _printed_as_data(councils, as_json, as_csv, whole):
        return
    console = _console()
    _show_indicator(console, described, england, coverage)
    _show_ends(console, councils.records, described["unit"])
    for basis in ("stale", "estimated"):
        names = [r["authority_name"] for r in councils.records if r["value_basis"] == basis]
        if names:
            console.print(f"{basis.capitalize()} ({len(names)}): {_shortened(sorted(names))}")


@app.command()
def sources(
    ctx: typer.Context,
    source_id: Annotated[str | None, typer.Argument(help="Show every file of this source.", show_default=False)] = None,
    as_json: _Json = False,
    as_csv: _Csv = False,
) -> None:
    """List the sources, or the files of one with their checksums."""
    with _open_published(ctx) as connection:
        found = _query(connection, _SOURCES)
        if source_id:
            source_id = _choose("source", source_id, {r["source_id"]: r["source_id"] for r in found.records})
            found = _query(
                connection,
                f"SELECT * EXCLUDE (source_ids) FROM ({_SOURCE_FILES}) WHERE source_id = $source_id ORDER BY path",
                source_id=source_id,
            )
    if _printed_as_data(found, as_json, as_csv):
        return
    console = _console()
    if not source_id:
        for source in found.records:
            console.print(source["source_id"], style="bold")
            console.print(
                f"{_publisher(source['publisher'])}: {source['dataset']}. {source['licence']}; "
                f"snapshot of {_day(source['snapshot_date'])}; {_refreshable(source)}"
            )
        return
    for file in found.records:
        console.print(file["path"], style="bold")
        _show_card(
            console,
            {
                "Publisher": _publisher(file["publisher"]),
                "Data set": file["dataset"],
                "Page": file["landing_page"],
                "Licence": file["licence"],
                "Snapshot": f"{_day(file['snapshot_date'])}; {_refreshable(file)}",
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


@app.command()
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="SQL", help="For example: FROM composite_index LIMIT 5")],
    as_json: _Json = False,
    as_csv: _Csv = False,
) -> None:
    """Run SQL on the published file. It can read nothing else, and write nothing."""
    with _open_published(ctx) as connection:
        if not connection.extract_statements(query):
            raise Problem("there is no SQL to run", 2)
        found = _query(connection, query)
    if _printed_as_data(found, as_json, as_csv):
        return
    console = _console()
    shown = [[_text(value) for value in row] for row in found.values[:SQL_ROWS]]
    numeric = [
        any(isinstance(row[i], int | float | Decimal) for row in found.values) for i in range(len(found.columns))
    ]
    table = _table(dict(zip(found.columns, ["right" if n else "left" for n in numeric], strict=True)), shown)
    if Measurement.get(console, console.options.update(max_width=sys.maxsize), table).minimum <= console.width:
        console.print(table)
    else:  # too wide: each row stands on its side
        for row in shown:
            _show_card(console, dict(zip(found.columns, row, strict=True)))
    if len(found.values) > SQL_ROWS:
        console.print(f"… {len(found.values) - SQL_ROWS:,} more rows; use --csv")


# --- Asking the published file ------------------------------------------------------------------------------------


class Rows(NamedTuple):
    """The answer to a query."""

    columns: list[str]
    values: list[tuple[Any, ...]]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


def _open_published(ctx: typer.Context) -> duckdb.DuckDBPyConnection:
    return _open(ctx.obj / DATABASE)


def _open(database: Path) -> duckdb.DuckDBPyConnection:
    """The published file, read-only and shut off from every other file, whatever SQL is run."""
    if not database.is_file():
        raise Problem(f"nothing is published yet; run `make index` (there is no {database})")
    shut: dict[str, Any] = {
        "enable_external_access": False,
        "python_enable_replacements": False,  # the program's own variables
        "lock_configuration": True,
    }
    connection = duckdb.connect(str(database), read_only=True, config=shut)
    connection.execute("USE marts")
    return connection


def _query(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Rows:
    result = connection.execute(query, parameters)
    return Rows([column[0] for column in result.description], result.fetchall())


def _ranked(
    connection: duckdb.DuckDBPyConnection,
    index_id: str = "composite",
    region: str | None = None,
    authority_type: str | None = None,
    group: list[str] | None = None,
) -> Rows:
    """The councils in rank order, all or those of a region, a type or a list of codes."""
    return _query(
        connection,
        f"""
        SELECT index_id, need_rank, authority_code, authority_name, authority_type, region_name, need_score, need_band,
            published_share, is_mostly_published
        FROM ({_SCORES}) JOIN dim_authority USING (authority_code)
        WHERE index_id = $index_id
            AND region_name = coalesce($region, region_name)
            AND authority_type = coalesce($authority_type, authority_type)
            AND ($group IS NULL OR list_contains($group, authority_code))
        ORDER BY need_rank, authority_name
        """,
        index_id=index_id,
        region=region,
        authority_type=authority_type,
        group=group,
    )


def _neighbourhood(connection: duckdb.DuckDBPyConnection, code: str) -> tuple[list[str], str]:
    """The codes of a council and its nearest neighbours, and the group in words. Counties have those of DfE."""
    name, tier = _query(
        connection, "SELECT authority_name, tier FROM dim_authority WHERE authority_code = $code", code=code
    ).values[0]
    model = "dfe" if tier == "upper" else "ons_global"
    peers = _query(
        connection,
        "SELECT peer_code FROM authority_peer WHERE authority_code = $code AND peer_model = $model",
        code=code,
        model=model,
    ).values
    return [code, *(peer for (peer,) in peers)], f"{name} and its {len(peers)} {_PEER_WORDS[model]}"


# --- Finding what people mean -------------------------------------------------------------------------------------


def _find_authority(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    """The code of the council that a name or code stands for, of today or before; says so where it is a former one.

    Raises Problem with the successors of a county that was split, and with the nearest names where none is right.
    """
    names = _query(
        connection,
        """
        SELECT area_code, area_name AS name, authority_code, authority_name, region_name,
            if(relation = 'same', NULL, valid_to_date) AS ended_date
        FROM dim_area_code JOIN dim_authority USING (authority_code)
        UNION ALL
        SELECT authority_code, council_name, authority_code, authority_name, region_name, NULL FROM dim_authority
        ORDER BY authority_name, name
        """,
    ).records
    found = _named(names, text)
    if not found:
        nearest = _nearest(text, {n["name"]: n["name"] if n["ended_date"] else n["authority_name"] for n in names})
        raise Problem(f"there is no council {text!r}" + (f"; the nearest: {nearest}" if nearest else ""), 2)
    one, ended = found[0], found[0]["ended_date"]
    successors = {n["authority_code"]: n["authority_name"] for n in found}
    if len(successors) > 1:
        what = f"was split on {_day(ended)} into" if ended else "could be"
        raise Problem(f"{text!r} {what}: {'; '.join(successors.values())}", 2)
    if ended and one["name"] == one["authority_name"]:
        _tell(f"{one['area_code']} was the code of {one['name']} until {_day(ended)}")
    elif ended:
        _tell(f"{one['name']} has been part of {one['authority_name']} since {_day(ended)}")
    return str(one["authority_code"])


def _named(names: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Those of the names and codes that the text stands for: in full, or else but for the council's title."""
    present = [n for n in names if n["ended_date"] is None]
    former = [n for n in names if n["ended_date"] is not None]
    key, short = _key(text), _short_key(text)
    if found := [n for n in names if n["area_code"] == text.strip().upper()]:
        return found
    for group in (present, former):
        if found := [n for n in group if _key(n["name"]) == key]:
            return found
    if any(_key(n["region_name"]) == key for n in names):  # without its title, the City is called like its region
        raise Problem(f"{text!r} is a region: see `missions rank --region {shlex.quote(text)}`", 2)
    for group in (present, former):
        if short and any(_short_key(n["name"]) == short for n in group):
            # "Newcastle" is all of one council's name and the beginning of another's.
            return [n for n in group if f"{_short_key(n['name'])} ".startswith(f"{short} ")]
    return []


def _choose(what: str, text: str, options: Mapping[str, str], forgiving: bool = False) -> str:
    """The id of the option that is called so, by id or name; if forgiving, also by a unique beginning or near spelling.

    Raises Problem with the nearest options and, where they are few, all.
    """
    key = _key(text)
    for option, name in options.items():
        if key in (_key(option), _key(name)):
            return option
    shown = {o: o if _key(name) == _key(o) else f"{o} ({name})" for o, name in options.items()}
    if forgiving and (near := _near(key, options)):
        _tell(f"{text!r} is taken as {shown[near]}")
        return near
    nearest = _nearest(text, {called: shown[o] for o, name in options.items() for called in (o, name)})
    message = f"there is no {what} {text!r}" + (f"; the nearest: {nearest}" if nearest else "")
    if len(options) <= LONG_LIST or not nearest:
        message += "\nvalid are:" + "".join(f"\n  {option}" for option in shown.values())
    raise Problem(message, 2)


def _near(key: str, options: Mapping[str, str]) -> str | None:
    """The one option that begins so, or whose spelling is near and much nearer than any other's."""
    from rapidfuzz import fuzz

    begin = [option for option, name in options.items() if _key(name).startswith(key)]
    if len(begin) == 1:
        return begin[0]
    (best, option), (second, _) = sorted(((fuzz.ratio(key, _key(n)), o) for o, n in options.items()), reverse=True)[:2]
    return option if best >= 85 and best - second >= 10 else None


def _nearest(text: str, labels: Mapping[str, str]) -> str:
    """The labels of the names that read most like the text, at most five; nothing where none is like it."""
    from rapidfuzz import fuzz, process

    found = process.extract(text, labels.keys(), scorer=fuzz.WRatio, processor=_key, limit=None, score_cutoff=60)
    near = [labels[name] for name, score, _ in found if score >= found[0][1] - 15]
    return "; ".join(list(dict.fromkeys(near))[:5])


def _key(text: str) -> str:
    """A name as it is compared: without case and punctuation, `&` as `and`."""
    text = re.sub(r"[.'\u2019]", "", text.casefold().replace("&", " and "))
    return " ".join(re.findall(r"[^\W_]+", text))


def _short_key(text: str) -> str:
    """The same without what a council's title adds."""
    return " ".join(_COUNCIL_TITLE.sub(" ", _key(text)).split()).removeprefix("the ")


# --- Printing: data for machines ----------------------------------------------------------------------------------


def _printed_as_data(rows: Rows, as_json: bool, as_csv: bool, whole: Any = None) -> bool:
    """Print the rows, or for JSON the `whole` that they are part of, where the user asked for data."""
    if as_json and as_csv:
        raise Problem("--json and --csv exclude each other", 2)
    if as_json:
        if len(set(rows.columns)) < len(rows.columns):
            raise Problem("two columns have the same name, which JSON cannot hold; rename one with AS")
        typer.echo(json.dumps(_plain(rows.records if whole is None else whole), ensure_ascii=False, indent=2))
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows([_text(value) for value in row] for row in rows.values)
    return as_json or as_csv


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _text(value: Any) -> str:
    """A value as text that reads back the same; nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list | tuple):
        return json.dumps(_plain(value), ensure_ascii=False)
    return str(value)


# --- Printing: tables for people ----------------------------------------------------------------------------------


def _tell(message: str) -> None:
    typer.echo(message, err=True)


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False)


def _table(
    columns: Mapping[str, str], rows: Sequence[Sequence[str | Text]], bold: int = -1, line_after: int = -1
) -> Table:
    """A table with these headings, each "left" or "right". Words are not broken, and what is on the right not at all.

    `bold` and `line_after` are positions of rows.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, (heading, justify) in enumerate(columns.items()):
        if justify == "right":
            table.add_column(heading, justify="right", no_wrap=True)
        else:
            words = [word for row in rows for word in str(row[position]).split()]
            table.add_column(heading, overflow="fold", min_width=max(map(len, [heading, *words])))
    for position, row in enumerate(rows):
        table.add_row(*row, style="bold" if position == bold else None, end_section=position == line_after)
    return table


def _show_card(console: Console, facts: Mapping[str, str | None]) -> None:
    """Facts with their labels, those without a value left out. Addresses and checksums are never broken."""
    width = max(map(len, facts)) + 2
    for label, fact in facts.items():
        if fact:
            lines = textwrap.wrap(fact, max(console.width - width, 20), break_long_words=False, break_on_hyphens=False)
            text = f"\n{'':{width}}".join(lines)
            console.print(Text(f"{label:{width}}", style="dim") + Text(text), soft_wrap=True)
    console.print()


def _show_ranks(records: list[dict[str, Any]], title: str, highlighted: str | None = None) -> None:
    console = _console()
    console.print(title, style="bold")
    columns = {"Rank": "right", "Authority": "left", "Type": "left", "Region": "left"}
    rows = [
        [
            str(r["need_rank"]),
            r["authority_name"],
            _type(r["authority_type"]),
            r["region_name"],
            f"{r['need_score']:.1f}",
            r["need_band"],
            _share(r),
        ]
        for r in records
    ]
    codes = [r["authority_code"] for r in records]
    bold = codes.index(highlighted) if highlighted in codes else -1
    console.print(_table(columns | {"Score": "right", "Band": "left", "Published": "right"}, rows, bold))
    _show_score_notes(console, records)


def _show_score_notes(console: Console, records: Iterable[dict[str, Any]]) -> None:
    console.print(_SCORE_NOTE, style="dim")
    if not all(r["is_mostly_published"] for r in records):
        console.print(_FLAG_NOTE, style="dim")


def _show_authority(console: Console, authority: dict[str, Any]) -> None:
    code, current = authority["authority_code"], authority["current_code"]
    console.print(authority["authority_name"], style="bold")
    _show_card(
        console,
        {
            "Code": code if code == current else f"{code}; {current} since April 2025",
            "Type": _type(authority["authority_type"]),
            "Region": authority["region_name"],
            "County": authority["county_name"],
            "Combined authority": authority["combined_authority_name"],
            "Population": f"{authority['population']:,} at mid-2024",
        },
    )


def _show_scores(console: Console, scores: list[dict[str, Any]]) -> None:
    columns = {"Need": "left"} | dict.fromkeys(["Score", "Rank", "In its type", "Decile"], "right")
    rows = [
        [
            r["index_name"],
            f"{r['need_score']:.1f}",
            str(r["need_rank"]),
            f"{r['need_rank_in_type']} of {r['authorities_of_type']}" if r["need_rank_in_type"] else "-",
            str(r["need_decile"]),
            r["need_band"],
            _share(r),
        ]
        for r in scores
    ]
    console.print(_table(columns | {"Band": "left", "Published": "right"}, rows, bold=0))
    _show_score_notes(console, scores)


def _show_drivers(console: Console, title: str, records: list[dict[str, Any]]) -> None:
    """Indicators with what they add to the composite score, in its points."""
    console.print()
    console.print(title, style="bold")
    rows: list[list[str | Text]] = []
    for r in records:
        basis = _words(r["value_basis"])
        if r["value_basis"] != "published":
            basis += f" ({r['value_basis_reason']})"
        period = _period(r["period_start_date"], r["period_end_date"])
        small_print = "; ".join(filter(None, [_unit(r["unit"]), period, basis, _publisher(r["publisher"])]))
        rows.append(
            [
                Text(r["indicator_title"]) + Text(f"\n{small_print}", style="dim"),
                _value(r["value"], r["unit"]),
                _value(r["england_value"], r["unit"]) + (" †" if r["england_value_basis"] == "aggregated" else "  "),
                str(r["need_rank"]),
                f"{10 * r['contribution']:+.1f}",
            ]
        )
    columns = {"Indicator": "left"} | dict.fromkeys(["Value", "England", "Rank", "Points"], "right")
    console.print(_table(columns, rows))


def _show_notes(console: Console, records: list[dict[str, Any]]) -> None:
    """What a reader must know of these indicators."""
    console.print("Rank is among all councils. Points are what the indicator adds to the need score.", style="dim")
    if any(r["england_value_basis"] == "aggregated" for r in records):
        console.print("† our mean of the councils: none is published for England.", style="dim")
    notes: dict[str, list[str]] = {}
    for r in records:
        if r["caveat"]:
            notes.setdefault(r["caveat"], []).append(r["indicator_title"])
        if r["england_period_end_date"] != r["period_end_date"]:
            note = f"England is of the period to {_day(r['england_period_end_date'])}."
            notes.setdefault(note, []).append(r["indicator_title"])
    for note, titles in notes.items():
        console.print(f"{'; '.join(titles)}: {note}", style="dim")


def _show_indicator(
    console: Console, described: dict[str, Any], england: dict[str, Any], coverage: list[dict[str, Any]]
) -> None:
    unit = described["unit"]
    treatment = described["outcome"]
    if treatment == "winsorised":
        treatment += (
            f": {described['winsorised_values']} values moved, to between {_value(described['lower_bound'], unit)} "
            f"and {_value(described['upper_bound'], unit)}"
        )
    if described["skewness_before"] is not None:
        treatment += f"; skewness {described['skewness_before']:.2f}"
        if described["outcome"] != "none":
            treatment += f" before, {described['skewness_after']:.2f} after"
    ours = ", our mean of the councils" if england["value_basis"] == "aggregated" else ""
    console.print(described["indicator_title"], style="bold")
    _show_card(
        console,
        {
            "Id": described["indicator_id"],
            "Mission": f"{described['mission_name']} ({described['theme_title']})",
            "Unit": _unit(unit) or unit,
            "Higher means": _words(described["higher_means"]),
            "Weight": f"{described['weight']:g}, which is {100 * described['effective_weight']:.2f} % of the composite",
            "Latest period": f"to {_day(described['latest_period_end_date'])}",
            "England": f"{_value(england['value'], unit)} in the period to {_day(england['period_end_date'])}{ours}",
            "Treatment": treatment,
            "Coverage": ", ".join(f"{r['authorities']} {_words(r['value_basis'])}" for r in coverage),
            "Publisher": _publisher(described["publisher"]),
            "Data set": described["dataset"],
            "Page": described["landing_page"],
            "Licence": described["licence"],
            "Source": described["source_id"],
            "Caveat": described["caveat"],
            "Source caveat": described["source_caveat"],
        },
    )


def _show_ends(console: Console, councils: list[dict[str, Any]], unit: str) -> None:
    console.print(f"The {END_ROWS} most and the {END_ROWS} least needy of {len(councils)} councils", style="bold")
    columns = {"Rank": "right", "Authority": "left", "Value": "right", "Period": "left", "Basis": "left"}
    rows = [
        [
            str(r["need_rank"]),
            r["authority_name"],
            _value(r["value"], unit),
            _period(r["period_start_date"], r["period_end_date"]),
            _words(r["value_basis"]),
        ]
        for r in councils[:END_ROWS] + councils[-END_ROWS:]
    ]
    console.print(_table(columns, rows, line_after=END_ROWS - 1))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, where somebody looks at it; call what it gives with the name of each thing done."""
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda name: progress.update(task, advance=1, description=name)


# --- Printing: words and numbers ----------------------------------------------------------------------------------


def _words(name: str) -> str:
    return name.replace("_", " ")


def _type(authority_type: str) -> str:
    return _TYPE_WORDS.get(authority_type, _words(authority_type))


def _publisher(names: str) -> str:
    return names.replace("|", "; ")


def _refreshable(source: dict[str, Any]) -> str:
    return "newer editions can be fetched" if source["is_refreshable"] else "not refreshable"


def _share(score: dict[str, Any]) -> str:
    return f"{score['published_share']:.0%}".replace("%", " %") + ("  " if score["is_mostly_published"] else " *")


def _shortened(names: list[str]) -> str:
    rest = len(names) - LONG_LIST
    return ", ".join(names[:LONG_LIST]) + (f" and {rest} more" if rest > 0 else "")


def _unit(unit: str) -> str:
    """The unit as it stands beside a value; nothing where the value carries it itself."""
    return "" if unit in ("percent", "GBP") else re.sub(r"\d{4,}", lambda number: f"{int(number[0]):,}", unit)


def _value(value: float, unit: str) -> str:
    """A value in its unit, rounded to about three digits."""
    size = abs(value)
    if unit == "GBP":
        return f"£{value:,.0f}" if size >= 1000 else f"£{value:.2f}"
    if size >= 1000:
        number = f"{value:,.0f}"
    elif size >= 0.1 or value == 0:
        # A figure published with fewer digits gets no zeros more.
        number = min(f"{value:.{1 if size >= 10 else 2}f}", f"{value:.10g}", key=len)
    else:
        number = f"{value:.2g}"
    return f"{number} %" if unit == "percent" else number


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _period(start: date | None, end: date) -> str:
    """A period as people say it; estimates have no start."""
    if start is None:
        return f"to {_day(end)}"
    if start == end:
        return _day(end)
    after = end + timedelta(days=1)
    years = after.year - start.year
    if (start.month, start.day) != (after.month, after.day):
        return f"{_day(start)} to {_day(end)}"
    if (start.month, start.day) == (1, 1):
        return str(end.year) if years == 1 else f"{start.year} to {end.year}"
    return f"{'year' if years == 1 else f'{years} years'} to {_day(end)}"


if __name__ == "__main__":
    app(prog_name="missions")
