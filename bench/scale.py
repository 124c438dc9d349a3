"""How cost grows with units, indicators, editions and draws: measured, fitted, and written into docs/PERFORMANCE.md.

Belongs here: the sizes to measure, the fits, and the text and plot made from bench/scale.json. One measurement
is in scale_case.py, the data are in small_areas.py. `python bench/scale.py` measures everything, for which the machine
should be idle; `python bench/scale.py page` writes the page and the plot from the existing results.
"""

import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from performance_page import ROOT, machine, table, write_part
from small_areas import SmallAreas, published, write_index
from uncertainty import compiled_sql

from missions.scoring.model_names import CHAIN
from missions.scoring.models import model_sql

RESULTS = ROOT / "bench" / "scale.json"
PLOT = ROOT / "docs" / "scale.svg"
MEMORY_GB, THREADS = 8, 1
INDICATORS, AREAS, LARGEST = 40, 33_755, 1_000_000
MOST_DRAWS = 10_000
LONGEST = 600  # seconds allowed for one run
# A fit holds down to the smallest size from which on no measurement is further than this from it.
TOLERANCE = 0.25
LEAST_POINTS = 3


@dataclass
class Chain:
    """The method's SQL at one size, on DuckDB or on Spark; seconds of each run, the rest of the largest."""

    units: int
    indicators: int = INDICATORS
    editions: int = 1
    memory_gb: float = MEMORY_GB
    threads: int = THREADS
    runs: int = 3
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory_mb: float = 0
    spill_mb: float = 0
    file_mb: float = 0
    models: dict[str, float] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        return self.units * self.indicators * self.editions


@dataclass
class Draws:
    """The draws' SQL for all councils and indicators: over weights and normalisation, or over all sources of doubt."""

    draws: int
    sources: str
    memory_gb: float = MEMORY_GB
    threads: int = THREADS
    runs: int = 3
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory_mb: float = 0
    spill_mb: float = 0


@dataclass
class Plan:
    """What to measure; `spark` lists the sizes of the chain on Spark."""

    chains: list[Chain]
    draws: list[Draws]
    spark: list[Chain] = field(default_factory=list)


def plan() -> Plan:
    """Vary one quantity at a time, starting from the real small areas."""
    chains = [
        *(Chain(units) for units in (317, 3_170, AREAS, 100_000)),
        *(Chain(units, runs=1) for units in (317_000, LARGEST)),
        *(Chain(AREAS, indicators=indicators) for indicators in (10, 20, 100, 200)),
        *(Chain(AREAS, editions=editions, runs=3 if editions < 10 else 1) for editions in (2, 5, 10, 20)),
        *(Chain(LARGEST, memory_gb=memory, runs=1) for memory in (2, 20)),
        Chain(LARGEST, threads=2, runs=1),
    ]
    draws = [
        Draws(count, sources, runs=3 if count <= 1000 else 1)
        for sources in ("weights and normalisation", "all")
        for count in (100, 300, 1_000, 3_000, MOST_DRAWS)
    ]
    spark = [Chain(units, threads=2, runs=1) for units in (3_170, AREAS, 317_000)]
    return Plan(chains, draws, spark if spark_is_there() else [])


def spark_is_there() -> bool:
    """Spark is an optional extra of the project and needs Java."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


# --- Measuring ----------------------------------------------------------------------------------------------------


def run_case(**case: Any) -> dict[str, Any] | None:
    """One measurement in its own process; None if it failed or took too long."""
    script = Path(__file__).with_name("scale_case.py")
    try:
        done = subprocess.run(
            [sys.executable, str(script), json.dumps(case)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


def keep(item: Chain | Draws, found: dict[str, Any] | None) -> None:
    """Add one run: every run's seconds, the largest of memory and disk, and the models of the latest."""
    if found is None:
        raise SystemExit(f"{item} failed or took more than {LONGEST} s; nothing is written")
    item.seconds.append(round(found["seconds"], 3))
    if "cpu" in found:
        item.cpu.append(round(found["cpu"], 3))
    for name in ("memory_mb", "spill_mb", "file_mb"):
        if name in found:
            setattr(item, name, round(max(getattr(item, name), found[name]), 1))
    if isinstance(item, Chain):
        item.models = {model: round(seconds, 3) for model, seconds in found["models"].items()}


def measure(plan: Plan, folder: Path, home: Path = ROOT, areas: SmallAreas | None = None) -> dict[str, Any]:
    """Run every case the number of times it asks for; inputs and spilled blocks go to `folder`."""
    begun = time.perf_counter()
    load = os.getloadavg()[0]
    areas = areas or published()
    sql = {"spark": folder / "spark_sql", "draws": folder / "draws_sql"}
    if plan.spark:
        write_queries(sql["spark"], {f"{model}.sql": model_sql(model, "spark") for model in CHAIN})
    if plan.draws:
        queries = compiled_sql(home, max(item.draws for item in plan.draws))
        write_queries(sql["draws"], {f"{model}.sql": query for model, query in queries.items()})
    for engine, items in (("chain", plan.chains), ("spark", plan.spark)):
        for item in items:
            index = write_index(folder, areas, item.units, item.indicators, item.editions)
            settings: dict[str, Any] = {"memory_gb": item.memory_gb, "threads": item.threads}
            if engine == "spark":
                settings["sql"] = str(sql["spark"])
            for _ in range(item.runs):
                found = run_case(kind=engine, index=str(index), **settings)
                # If Spark cannot handle a size here, that is a result too.
                if found or engine != "spark":
                    keep(item, found)
            print(f"{engine} {item.units:,} x {item.indicators} x {item.editions}: {item.seconds} s", file=sys.stderr)
    for draw in plan.draws:
        settings = {"sources": draw.sources, "memory_gb": draw.memory_gb, "threads": draw.threads}
        for _ in range(draw.runs):
            keep(draw, run_case(kind="draws", home=str(home), sql=str(sql["draws"]), count=draw.draws, **settings))
        print(f"{draw.draws:,} draws, {draw.sources}: {draw.seconds} s", file=sys.stderr)
    return {
        "date": time.strftime("%d %B %Y"),
        "machine": machine(),
        "load_before": round(load, 2),
        "minutes": round((time.perf_counter() - begun) / 60, 1),
        **asdict(plan),
    }


def write_queries(folder: Path, queries: dict[str, str]) -> None:
    folder.mkdir()
    for name, query in queries.items():
        (folder / name).write_text(query, encoding="utf-8")


# --- Fits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """y = factor * x ** exponent, by least squares on the logarithms, from `low` to `high`."""

    factor: float
    exponent: float
    low: float
    high: float
    furthest: float  # the largest share by which a measurement in the range differs

    def at(self, x: float) -> float:
        return self.factor * x**self.exponent

    def where(self, y: float) -> float:
        return (y / self.factor) ** (1 / self.exponent)


def fit(x: Sequence[float], y: Sequence[float]) -> Fit:
    """The fit over as many sizes as it holds for: the smallest are left out one by one while it does not.

    Small sizes cost what any query costs, so they are above the line.
    """
    points = sorted(zip(x, y, strict=True))
    while True:
        logs = np.log(np.array(points))
        exponent, intercept = np.polyfit(logs[:, 0], logs[:, 1], 1)
        furthest = float(np.max(np.abs(np.expm1(logs[:, 1] - intercept - exponent * logs[:, 0]))))
        if furthest <= TOLERANCE or len(points) <= LEAST_POINTS:
            return Fit(math.exp(intercept), float(exponent), points[0][0], points[-1][0], furthest)
        points = points[1:]


def n_log_n(low: float, high: float) -> float:
    """The exponent that n log n would have over this range."""
    return 1 + math.log(math.log(high) / math.log(low)) / math.log(high / low)


# --- The page -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sweep:
    """Measurements that vary one quantity, with all else equal."""

    name: str
    of: str
    items: list[Any]
    size: Callable[[Any], float]

    def fitted(self, value: Callable[[Any], float]) -> Fit:
        return fit([self.size(item) for item in self.items], [value(item) for item in self.items])


def seconds(item: Chain | Draws) -> float:
    return median(item.seconds)


def read(results: dict[str, Any]) -> Plan:
    return Plan(
        [Chain(**item) for item in results["chains"]],
        [Draws(**item) for item in results["draws"]],
        [Chain(**item) for item in results["spark"]],
    )


def sweeps(measured: Plan) -> list[Sweep]:
    usual = [item for item in measured.chains if (item.memory_gb, item.threads) == (MEMORY_GB, THREADS)]
    centre = [item for item in usual if item.indicators == INDICATORS and item.editions == 1]
    areas = [item for item in usual if item.units == AREAS]
    return [
        Sweep("Units", f"{INDICATORS} indicators", centre, lambda item: item.units),
        Sweep("Indicators", f"{AREAS:,} units", [i for i in areas if i.editions == 1], lambda item: item.indicators),
        Sweep(
            "Editions",
            f"{AREAS:,} units x {INDICATORS} indicators",
            [item for item in areas if item.indicators == INDICATORS],
            lambda item: item.editions,
        ),
        *(
            Sweep(
                "Draws",
                "317 x 66, " + ("all sources" if sources == "all" else sources),
                [item for item in measured.draws if item.sources == sources],
                lambda item: item.draws,
            )
            for sources in ("weights and normalisation", "all")
        ),
    ]


def times(item: Chain | Draws) -> list[str]:
    """The median, the range if repeated, and the median of processor time."""
    digits = 2 if seconds(item) < 10 else 1
    spread = f"{min(item.seconds):.{digits}f} to {max(item.seconds):.{digits}f} ({len(item.seconds)})"
    cpu = f"{median(item.cpu):.{digits}f}" if item.cpu else ""
    return [f"{seconds(item):.{digits}f}", spread if len(item.seconds) > 1 else "(1)", cpu]


def megabytes(size: float) -> str:
    return f"{size:,.0f}"


def rounded(number: float) -> str:
    """A whole number with two significant digits: an extrapolation has no more."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.0f}"


def chain_table(items: Sequence[Chain]) -> list[str]:
    header = ["Units", "Indicators", "Editions", "Limit, GB", "Threads", "Median, s", "Range, s (runs)", "CPU, s"]
    header += ["Peak memory, MB", "Spilled, MB", "File, MB"]
    rows = [
        [
            f"{item.units:,}" + ("" if item.units <= AREAS else " simulated"),
            *(str(item.indicators), str(item.editions), f"{item.memory_gb:g}", str(item.threads)),
            *times(item),
            *(megabytes(size) for size in (item.memory_mb, item.spill_mb, item.file_mb)),
        ]
        for item in items
    ]
    return table(header, rows)


def draw_table(items: Sequence[Draws]) -> list[str]:
    header = ["Draws", "Over", "Median, s", "Range, s (runs)", "CPU, s", "Peak memory, MB", "Spilled, MB"]
    rows = [
        [
            f"{item.draws:,}",
            "all sources" if item.sources == "all" else item.sources,
            *times(item),
            megabytes(item.memory_mb),
            megabytes(item.spill_mb),
        ]
        for item in items
    ]
    return table(header, rows)


def fit_table(found: Sequence[Sweep]) -> list[str]:
    header = ["Varied", "All else", "Exponent of time", "n log n would be", "Fit holds from, to", "Furthest off"]
    header += ["Exponent of memory"]
    rows = []
    for sweep in found:
        time_fit, memory_fit = sweep.fitted(seconds), sweep.fitted(lambda item: item.memory_mb)
        rows.append(
            [
                sweep.name,
                sweep.of,
                f"{time_fit.exponent:.2f}",
                f"{n_log_n(time_fit.low, time_fit.high):.2f}" if time_fit.low > 1 else "",
                f"{time_fit.low:,.0f} to {time_fit.high:,.0f}",
                f"{100 * time_fit.furthest:.0f}%",
                f"{memory_fit.exponent:.2f} from {memory_fit.low:,.0f}",
            ]
        )
    return table(header, rows)


def goals(measured: Plan, units: Fit) -> list[str]:
    largest = next(
        item for item in measured.chains if (item.units, item.memory_gb, item.threads) == (LARGEST, MEMORY_GB, THREADS)
    )
    most = next(item for item in measured.draws if item.draws == MOST_DRAWS and item.sources != "all")
    bound = n_log_n(units.low, units.high)

    def verdict(met: bool) -> str:
        return "met" if met else "missed"

    return table(
        ["Goal on two cores", "Measured", ""],
        [
            [
                f"{LARGEST:,} units x {INDICATORS} indicators within 120 s and 8 GB",
                f"{seconds(largest):.1f} s, {largest.memory_mb / 1024:.1f} GB, one thread",
                verdict(seconds(largest) <= 120 and largest.memory_mb <= 8 * 1024),
            ],
            [
                "Time grows with units no faster than n log n",
                f"exponent {units.exponent:.2f}, n log n has {bound:.2f}",
                verdict(units.exponent <= bound),
            ],
            [
                f"{MOST_DRAWS:,} draws over weights and normalisation, 317 x 66, within 15 s",
                f"{seconds(most):.1f} s",
                verdict(seconds(most) <= 15),
            ],
        ],
    )


def where_it_stops(chains: list[Chain], units: Sweep) -> list[str]:
    """Where one machine is no longer the sensible choice, by the fits."""
    time_fit, memory_fit = units.fitted(seconds), units.fitted(lambda item: item.memory_mb)
    disk_fit = units.fitted(lambda item: item.file_mb)
    largest = {(item.memory_gb, item.threads): item for item in chains if item.units == LARGEST}
    small, usual, two = largest[2, 1], largest[MEMORY_GB, 1], largest[MEMORY_GB, 2]
    hour, night = time_fit.where(3600), time_fit.where(8 * 3600)
    return [
        *paragraph(f"""
            Memory is not the limit: {LARGEST:,} units x {INDICATORS} indicators also finish with 2 GB, in
            {seconds(small):.0f} s compared with {seconds(usual):.0f} s with {MEMORY_GB} GB, spilling at most
            {small.spill_mb / 1024:.1f} GB. With a second thread it takes {seconds(two):.0f} s, and the last digits
            of sums may differ between runs.
        """),
        "",
        *paragraph(f"""
            According to the fits, on one thread and with {INDICATORS} indicators (beyond {LARGEST:,} units this is an
            extrapolation):
        """),
        "",
        *paragraph(
            f"""
            A run uses {MEMORY_GB} GB of memory at about {rounded(memory_fit.where(MEMORY_GB * 1024))} units, and 20 GB
            at about {rounded(memory_fit.where(20 * 1024))}. With less memory it spills, and takes longer than the fit.
            """,
            "- ",
        ),
        *paragraph(f"A run takes an hour at about {rounded(hour)} units, eight hours at about {rounded(night)}.", "- "),
        *paragraph(
            f"""
            100 GB of disk hold the tables of about {rounded(disk_fit.where(100 * 1024))} units, without spilled
            blocks.
            """,
            "- ",
        ),
        "",
        *paragraph(f"""
            So DuckDB on one machine is the sensible choice for the councils and for the {AREAS:,} small areas of
            England, which take {time_fit.at(AREAS):.1f} s, and up to about {rounded(hour)} units x {INDICATORS}
            indicators, {rounded(hour / AREAS)} times as many, if an answer is needed within the hour. Beyond that a
            cluster is worth its upkeep. Editions do not matter here: each can be scored separately.
        """),
    ]


def on_spark(measured: Plan) -> list[str]:
    """The same models on Spark, compared with DuckDB as it is used."""
    if not measured.spark:
        return ["Not measured: Spark and Java were not available."]
    one = {item.units: item for item in sweeps(measured)[0].items}
    rows = []
    for item in measured.spark:
        duckdb = one[item.units]
        times_as_long = [f"failed or took more than {LONGEST} s", "", ""]
        if item.seconds:
            share = seconds(item) / seconds(duckdb)
            times_as_long = [f"{seconds(item):.1f}", f"{share:.1f}", megabytes(item.memory_mb)]
        rows.append([f"{item.units:,}", *times_as_long, f"{seconds(duckdb):.2f}", megabytes(duckdb.memory_mb)])
    header = ["Units", "Spark local[2], s", "Times as long as DuckDB", "Peak, MB", "DuckDB, one thread, s", "Peak, MB"]
    largest = measured.spark[-1]
    return [
        *paragraph(f"""
            The same models rendered for Spark, x {INDICATORS} indicators, in one session with two cores and
            {largest.memory_gb:g} GB. The start of the session is not counted, but Java's compilation is.
        """),
        "",
        *table(header, rows),
    ]


COINR = (
    "https://github.com/bluefoxr/COINrDoc/blob/037effbe4452ad46bea5ccf94772b2f1c9ee18be/docs/sensitivity-analysis.html"
)


def peer(draws: list[Draws]) -> list[str]:
    """What we found in the peer's documentation; it was not run here."""
    hundred = next(item for item in draws if item.draws == 100 and item.sources == "all")
    return paragraph(f"""
        The peer is COINr, the R package of the European Commission's Joint Research Centre. Its documentation gives one
        time: an uncertainty analysis of the ASEM example, 51 units x 49 indicators, with 100 replications over
        imputation, normalisation and weights, ["Time elapsed = 17.65s, average 0.18s/rep."]({COINR}), on a machine that
        is not named. It says that a sensitivity analysis of 500 base draws "will take a few minutes". We found no times
        for larger data, and did not run COINr. Here 100 draws over all sources, 317 units x 66 indicators, take
        {seconds(hundred):.2f} s; the two do not vary the same things.
    """)


def paragraph(text: str, mark: str = "") -> list[str]:
    """The lines of a paragraph or, with a mark, of a list item."""
    return textwrap.wrap(
        " ".join(text.split()),
        120,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def page(results: dict[str, Any]) -> list[str]:
    measured = read(results)
    found = sweeps(measured)
    units = found[0]
    varied = [item for item in measured.chains if (item.memory_gb, item.threads) == (MEMORY_GB, THREADS)]
    varied.sort(key=lambda item: (item.editions, item.indicators != INDICATORS, item.indicators, item.units))
    limits = [item for item in measured.chains if item.units == LARGEST]
    limits.sort(key=lambda item: (item.threads, item.memory_gb))
    return [
        "## How cost grows",
        "",
        *paragraph(f"""
            Written by `bench/scale.py` on {results["date"]}: {results["machine"]}; load of the machine before the start
            {results["load_before"]:.1f}; {results["minutes"]:.0f} minutes in all. Each run is a separate process: the
            method's SQL, from Parquet files to scores in a DuckDB file. Memory is the peak of the process; limits are
            DuckDB's memory_limit, beyond which it spills to disk. Runs use one thread, as the build does, unless the
            table says two. CPU is the time of the process itself: if it is well below the wall clock, the machine was
            busy with other work.
        """),
        "",
        *paragraph(f"""
            Up to {AREAS:,} units are small areas of England with their 19 indicators as published. Beyond that, and for
            further indicators and editions, they are simulated: a Gaussian copula keeps the distribution of each
            indicator and the rank correlations between them. Simulated data are only timed; their scores are not kept
            or published.
        """),
        "",
        *goals(measured, units.fitted(seconds)),
        "",
        "![Seconds by units, indicators, editions and draws, on logarithmic scales, with the fits](scale.svg)",
        "",
        "### Fits",
        "",
        *paragraph(f"""
            Exponents by least squares on logarithms: 1 is proportional growth. Small sizes cost what any query costs,
            so a fit starts at the size above which every measurement is within {100 * TOLERANCE:.0f}%, or uses the last
            {LEAST_POINTS} sizes.
        """),
        "",
        *fit_table(found),
        "",
        "### Units, indicators, editions",
        "",
        *chain_table(varied),
        "",
        f"### {LARGEST:,} units x {INDICATORS} indicators by memory limit",
        "",
        *chain_table(limits),
        "",
        "### Draws",
        "",
        *paragraph("""
            Of the published index, 317 councils x 66 indicators. "All sources" are the choices of method, the weights,
            the sampling errors of the figures, and the uncertainty of cells without a figure of their own.
        """),
        "",
        *draw_table(measured.draws),
        "",
        "### On Spark",
        "",
        *on_spark(measured),
        "",
        "### Where one machine stops",
        "",
        *where_it_stops(measured.chains, units),
        "",
        "### The peer",
        "",
        *peer(measured.draws),
    ]


def plot(results: dict[str, Any]) -> str:
    """The measurements and their fits, as SVG: one panel for each quantity that is varied."""
    import altair as alt
    import vl_convert

    panels = []
    for sweep in sweeps(read(results)):
        line = sweep.fitted(seconds)
        points = [
            {"size": sweep.size(item), "seconds": seconds(item), "least": min(item.seconds), "most": max(item.seconds)}
            for item in sweep.items
        ]
        ends = [{"size": size, "seconds": line.at(size)} for size in (line.low, line.high)]
        x = alt.X(
            "size:Q", scale=alt.Scale(type="log", nice=False), title=sweep.name, axis=alt.Axis(format="~s", tickCount=4)
        )
        y = alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="Seconds", axis=alt.Axis(format="~g", tickCount=4))
        base = alt.Chart(alt.Data(values=points)).encode(x=x)
        fitted = alt.Chart(alt.Data(values=ends)).mark_line(color="#b85c00").encode(x=x, y=y)
        title = alt.TitleParams(sweep.of, fontSize=11, fontWeight="normal")
        layers = (
            fitted,
            base.mark_rule(color="#1f5a92").encode(y=alt.Y("least:Q"), y2="most:Q"),
            base.mark_circle(color="#1f5a92", size=50, opacity=1).encode(y=y),
        )
        panels.append(alt.layer(*layers).properties(width=200, height=150, title=title))
    chart = alt.concat(*panels, columns=3).configure(background="white")
    return vl_convert.vegalite_to_svg(chart.to_json())


def write(results: dict[str, Any]) -> None:
    write_part("scale", page(results))
    PLOT.write_text(plot(results), encoding="utf-8")


def main() -> None:
    if sys.argv[1:] == ["page"]:
        write(json.loads(RESULTS.read_text(encoding="utf-8")))
        return
    if sys.argv[1:]:
        raise SystemExit("bench/scale.py measures everything; bench/scale.py page writes the page from the results")
    if not (ROOT / "build/warehouse.duckdb").is_file():
        raise SystemExit("build/warehouse.duckdb, which has the draws, is missing; run `missions build` first")
    with tempfile.TemporaryDirectory() as folder:
        results = measure(plan(), Path(folder))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write(results)


if __name__ == "__main__":
    main()
