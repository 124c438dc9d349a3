"""Input files for timing `missions score`: every small area of England, real measures first, then simulated ones.

Belongs here: writing units, observations and a framework. Simulated measures only fill a table of the required size:
they are generated for each run, labelled as simulated, and never published.
"""

from pathlib import Path

import pandas as pd
from small_areas import BRANCHES, published


def write_inputs(folder: Path, indicators: int = 40) -> list[str]:
    """Write the three files for all small areas into `folder`; returns the arguments of `missions score`."""
    areas = published()
    columns = dict(areas.indicators(len(areas.codes), indicators))
    wide = pd.DataFrame(columns, index=areas.codes).rename_axis("unit_id")
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
