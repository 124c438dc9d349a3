"""Input files for timing `missions score`: every small area of England, real measures first, then simulated ones.

Belongs here: writing units, observations and a framework. The simulated measures only fill a table of the size wanted:
they are made anew for each run, named as simulated, and never published.
"""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
BRANCHES = 5


def write_inputs(folder: Path, indicators: int = 40, seed: int = 317) -> list[str]:
    """Write the three files for all small areas into `folder`; returns the arguments of `missions score`."""
    with gzip.open(ROOT / "seeds/small_areas/mhclg_indices_of_deprivation.csv.gz") as file:
        real = pd.read_csv(file).pivot(index="small_area_code", columns="measure", values="value")
    columns = {name: real[name].to_numpy() for name in real.columns[:indicators]}
    rng = np.random.default_rng(seed)
    common = rng.normal(size=len(real))
    for number in range(indicators - len(columns)):
        # A third each symmetric, with a long tail, and with outliers: the treatments that real measures need.
        noise = 0.6 * common + 0.8 * rng.normal(size=len(real))
        shape = [noise, np.exp(noise), np.where(rng.random(len(real)) < 0.0001, 40.0, 0) + noise][number % 3]
        columns[f"simulated_{number + 1}"] = shape
    wide = pd.DataFrame(columns, index=real.index).rename_axis("unit_id")
    pd.DataFrame({"unit_id": wide.index, "unit_name": wide.index}).to_csv(folder / "units.csv", index=False)
    long = wide.reset_index().melt("unit_id", var_name="node_id", value_name="value").dropna()
    long.to_csv(folder / "observations.csv", index=False)
    leaves = [
        (name, f"branch_{number % BRANCHES + 1}", 1, 1, "winsorise_then_signed_log", "z_score", "", "", name)
        for number, name in enumerate(columns)
    ]
    branches = [
        (f"branch_{number + 1}", "index", 1, 1, "", "z_score", "", "arithmetic", f"Branch {number + 1}")
        for number in range(BRANCHES)
    ]
    header = "node_id parent_id weight direction treatment normalisation normalisation_parameters aggregation label"
    pd.DataFrame(
        [("index", "", 1, 1, "", "z_score", "", "arithmetic", "Index"), *branches, *leaves], columns=header.split()
    ).to_csv(folder / "framework.csv", index=False)
    options = [(f"--{name}", str(folder / f"{name}.csv")) for name in ("units", "observations", "framework")]
    return ["score", *(word for option in options for word in option), "--out", str(folder / "out")]
