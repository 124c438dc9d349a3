"""The default method in NumPy, written from its description alone: treat, standardise, aggregate, on any figures.

Arrays have one number per unit; `reference` marks the units in the reference set.
"""

import numpy as np
import pandas as pd


def standardise(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """z-scores over the reference set."""
    return (x - x[reference].mean()) / x[reference].std(ddof=1)


def is_skewed(x: np.ndarray) -> tuple[bool, float]:
    """Whether values fail the test of skewness and excess kurtosis, and their skewness."""
    n, d = len(x), x - x.mean()
    s2, s3, s4 = (d**2).sum(), (d**3).sum(), (d**4).sum()
    skewness = np.sqrt(n) * s3 / s2**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * (n * s4 / s2**2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return abs(skewness) > 2 and kurtosis > 3.5, skewness


def treat(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Values cut to the bounds of `reference` (the reference set), then winsorised or, failing that, logged."""
    low, high = reference.min(), reference.max()
    x = np.clip(x, low, high)
    moved = reference.copy()
    for _ in range(6):
        failing, skewness = is_skewed(moved)
        if not failing:
            return np.clip(x, moved.min(), moved.max())
        if skewness >= 0:
            moved = np.minimum(moved, moved[moved < moved.max()].max())
        else:
            moved = np.maximum(moved, moved[moved > moved.min()].min())
    margin = 0.01 * (high - low)
    return np.log(x - low + margin) if is_skewed(reference)[1] >= 0 else -np.log(high - x + margin)


def ranks(scores: np.ndarray) -> np.ndarray:
    """Rank 1 is the greatest need; ties to nine decimals share the lower number."""
    rounded = np.round(scores, 9)
    return 1 + (rounded[None, :] > rounded[:, None]).sum(axis=1)


class Method:
    """The index made from figures: `values` has a row per council and a column per indicator.

    `indicators` is indexed by indicator, with mission_id, theme_id, weight and higher_means, as in dim_indicator.
    """

    def __init__(self, values: pd.DataFrame, reference: np.ndarray, indicators: pd.DataFrame) -> None:
        self.values, self.reference, self.indicators = values, reference, indicators
        self.units = list(values.index)
        self.z = {name: self.normalised(name, values[name].to_numpy()) for name in values}
        self.bands = self.bands_of(self.composite(self.z))

    def normalised(self, name: str, x: np.ndarray) -> np.ndarray:
        direction = 1 if self.indicators.loc[name, "higher_means"] == "more_need" else -1
        return standardise(direction * treat(x, x[self.reference]), self.reference)

    def means(self, z: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The weighted means of the missions and of the composite, before the composite is standardised."""
        missions = {
            str(mission): np.mean([standardise(self.theme(z, rows), self.reference) for _, rows in themes], axis=0)
            for mission, of_mission in self.indicators.groupby("mission_id")
            for themes in [of_mission.groupby("theme_id")]
        }
        scores = [standardise(mean, self.reference) for mean in missions.values()]
        return missions, sum(scores) / len(scores)

    @staticmethod
    def theme(z: dict[str, np.ndarray], rows: pd.DataFrame) -> np.ndarray:
        """The weighted mean of the indicators of one theme; themes count the same."""
        return sum(z[i] * w for i, w in rows["weight"].items()) / rows["weight"].sum()

    def composite(self, z: dict[str, np.ndarray]) -> np.ndarray:
        return standardise(self.means(z)[1], self.reference)

    def bands_of(self, scores: np.ndarray) -> np.ndarray:
        return np.ceil(5 * ranks(scores) / len(scores))

    def band_with(self, code: str, name: str, value: float) -> float:
        """The council's band with one figure changed and the whole index recalculated."""
        x = self.values[name].to_numpy().copy()
        x[self.units.index(code)] = value
        scores = self.composite(self.z | {name: self.normalised(name, x)})
        return float(self.bands_of(scores)[self.units.index(code)])
