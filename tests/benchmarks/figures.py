"""A figure: a measurement, compared with its target."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEAD = ("what", "measured", "spread", "target", "of target", "")


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes
    ----------
    spread : str
        The 10th and the 90th percentile, or the parts the figure is made of.
    target : float or None
        None where the figure is only shown.
    at_least : bool
        Whether the target is a floor rather than a ceiling.
    """

    what: str
    measured: float
    unit: str
    spread: str = ""
    target: float | None = None
    at_least: bool = False

    @property
    def missed(self) -> bool:
        """True if the target was missed."""
        if self.target is None:
            return False
        return self.measured < self.target if self.at_least else self.measured > self.target

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table's line."""
        if self.target is None:
            return (self.what, _shown(self.measured, self.unit), self.spread, "", "", "")
        sign = "≥" if self.at_least else "≤"
        verdict = "missed" if self.missed else "met"
        target = f"{sign} {_shown(self.target, self.unit)}"
        return self.what, _shown(self.measured, self.unit), self.spread, target, f"{self.ratio:.2f}", verdict

    @property
    def ratio(self) -> float:
        """Measured over target."""
        assert self.target is not None
        return self.measured / self.target


def of_samples(
    what: str, samples: Sequence[float], unit: str, target: float | None = None, *, scale: float = 1.0
) -> Figure:
    """Build a figure from the median of `samples`."""
    scaled = [sample * scale for sample in samples]
    tenths = statistics.quantiles(scaled, n=10, method="inclusive")
    return Figure(what, statistics.median(scaled), unit, f"{tenths[0]:.3g}–{tenths[-1]:.3g} (n={len(samples)})", target)


def table(figures: Iterable[Figure]) -> str:
    """Lay the figures out."""
    lines = [_HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _shown(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()
