"""A simulated epidemic, and the samples of wastewater that it leaves."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta

_START = date(2025, 1, 5)


_POPULATION = 750_000.0


_LATENT, _INFECTIOUS, _WANING = 1 / 3, 1 / 5, 0.01


_COPIES, _LITRES, _SIGMA = 2.5e10, 3e8, 0.25


_SAMPLED = (6, 1, 3)


def infectious(days: int) -> list[float]:
    """Return the number of infectious people on each day of the model."""
    return [sick for sick, _ in _course(days)]


def true_rt(days: int) -> list[float]:
    """The reproduction number R(t) of each day of the model: how many people one infectious person infects."""
    return [reproduction for _, reproduction in _course(days)]


def _course(days: int) -> Iterator[tuple[float, float]]:
    exposed, sick, immune = 60.0, 100.0, 300_000.0
    for day in range(days):
        basic = 1.84 + 0.56 * math.cos(2 * math.pi * (day - 20) / 120)
        reproduction = basic * (_POPULATION - exposed - sick - immune) / _POPULATION
        newly = reproduction * _INFECTIOUS * sick
        onset, healed, waned = exposed * _LATENT, sick * _INFECTIOUS, immune * _WANING
        exposed, sick, immune = exposed + newly - onset, sick + onset - healed, immune + healed - waned
        yield sick, reproduction


def samples(days: int, seed: int = 1) -> list[tuple[str, str, str, str, str, int]]:
    """The published rows: one for each sampling day, as written into the file."""
    noise = random.Random(seed)  # noqa: S311  an epidemic, not a secret
    rows = []
    for day, sick in enumerate(infectious(days)):
        factors = [noise.lognormvariate(0.0, _SIGMA) for _ in range(4)]
        when = _START + timedelta(days=day)
        if when.weekday() in _SAMPLED:
            level = sick * _COPIES / _LITRES
            counts = [
                f"{level * share * factor:.0f}" for share, factor in zip((1, 0.1, 0.03, 0.05), factors, strict=True)
            ]
            missing = "" if day % 17 == 3 else counts[1]
            rows.append((when.isoformat(), counts[0], missing, counts[2], counts[3], 1))
    return rows
