"""The exact search for the newest versions of several inputs that agree on their common ancestors.

Versions are joined on the ancestors that they share, and a state that led nowhere is not searched again, so the search
needs no bound: its time grows with the number of versions, not with the number of their combinations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

#: The versions that a version agrees with, by dataset; an empty set means that the inputs had different origins.
Origins = Mapping[str, frozenset[int]]


def intersect_origins(several: Sequence[Origins]) -> dict[str, frozenset[int]]:
    """Return the origins of a run that used versions with these origins; an empty set where they disagree."""
    found: dict[str, frozenset[int]] = {}
    for origins in several:
        for data_id, numbers in origins.items():
            found[data_id] = found[data_id] & numbers if data_id in found else numbers
    return found


@dataclass(frozen=True)
class Candidates:
    """The versions of one input that a run may use.

    Attributes
    ----------
    used : int
        The version used last; 0 if there is none.
    origins : dict
        The origins of each version that is not older, the version itself among them.
    """

    used: int
    origins: Mapping[int, Origins]

    @cached_property
    def before(self) -> Origins:
        """The origins of the version used last."""
        return self.origins.get(self.used, {})

    @cached_property
    def ancestors(self) -> frozenset[str]:
        """Every dataset that a version of this input comes from."""
        return frozenset(data_id for origins in self.origins.values() for data_id in origins)

    @cached_property
    def _index(self) -> dict[str, dict[int | None, list[int]]]:
        """By dataset and version of it: the versions of this input that agree with it; None for those without it."""
        found: dict[str, dict[int | None, list[int]]] = {data_id: {} for data_id in self.ancestors}
        for version, origins in self.origins.items():
            for data_id, by_number in found.items():
                for number in origins.get(data_id, (None,)):
                    by_number.setdefault(number, []).append(version)
        return found

    def fitting(self, agreed: Origins) -> list[int]:
        """Return the versions that may agree with these origins, oldest first."""
        choices = [
            [self._index[data_id].get(number, ()) for number in (*numbers, None)]
            for data_id, numbers in agreed.items()
            if data_id in self.ancestors
        ]
        if not choices:
            return sorted(self.origins)
        fewest = min(choices, key=lambda lists: sum(len(each) for each in lists))
        return sorted({version for each in fewest for version in each})


@dataclass(frozen=True)
class _State:
    """Consequences of the choice of the first inputs for the others.

    Attributes
    ----------
    agreed : frozenset
        The versions of the ancestors of later inputs that are still possible.
    waiting : frozenset
        Chosen inputs that stay at their version and need a later input to confirm it.
    confirmed : frozenset
        Later inputs that may stay at their version.
    has_newer : bool
        Whether a chosen version is newer than the one used last.
    versions : tuple
        The chosen versions; not compared, because two ways to one state lead to the same end.
    """

    agreed: frozenset[tuple[str, frozenset[int]]] = frozenset()
    waiting: frozenset[int] = frozenset()
    confirmed: frozenset[int] = frozenset()
    has_newer: bool = False
    versions: tuple[int, ...] = field(default=(), compare=False)


def newest_combination(inputs: Sequence[Candidates]) -> list[int] | None:
    """Return the newest versions, one for each input, that agree and are all new; None if there are none.

    A version is new if it is newer than the one used last, or if it agrees with a newer version of another input on a
    later version of an ancestor, because a run found it unchanged. No other combination is newer in all inputs.
    """
    order = _joined(inputs)
    found = _Search([inputs[at] for at in order]).first()
    return [version for _, version in sorted(zip(order, found, strict=True))] if found is not None else None


def _joined(inputs: Sequence[Candidates]) -> list[int]:
    """Return the inputs in an order in which each shares as many ancestors as possible with those before it."""
    left, order, known = list(range(len(inputs))), list[int](), frozenset[str]()
    while left:
        others = {at: frozenset[str]().union(*(inputs[each].ancestors for each in left if each != at)) for at in left}
        best = max(left, key=lambda at: (len(inputs[at].ancestors & (known or others[at])), -at))
        left.remove(best)
        order.append(best)
        known |= inputs[best].ancestors
    return order


class _Search:
    """Depth first, the newest versions first."""

    def __init__(self, inputs: Sequence[Candidates]) -> None:
        self._inputs = inputs
        later = [frozenset[str]()]
        for each in reversed(inputs):
            later.append(later[-1] | each.ancestors)
        #: The ancestors of the inputs after each.
        self._later = later[-2::-1]

    def first(self) -> tuple[int, ...] | None:
        """Return the first combination that fits."""
        seen, open_ones = set[tuple[int, _State]](), [_State()]
        while open_ones:
            state = open_ones.pop()
            at = len(state.versions)
            if at == len(self._inputs):
                if state.has_newer and not state.waiting:
                    return state.versions
            elif (at, state) not in seen:
                seen.add((at, state))
                open_ones += self._next(at, state)
        return None

    def _next(self, at: int, state: _State) -> Iterator[_State]:
        one, agreed = self._inputs[at], dict(state.agreed)
        for version in one.fitting(agreed):
            origins = one.origins[version]
            both = intersect_origins([agreed, origins])
            if not all(both.values()):
                continue
            waiting, confirmed = state.waiting, state.confirmed
            is_newer = version > one.used
            if is_newer:
                waiting = frozenset(each for each in waiting if not self._confirms(at, origins, each))
                others = range(at + 1, len(self._inputs))
                confirmed |= {each for each in others if self._confirms(at, origins, each)}
            elif at not in confirmed:
                waiting |= {at}
            if any(not self._later[at] & self._inputs[each].ancestors for each in waiting):
                continue
            kept = frozenset((id, numbers) for id, numbers in both.items() if id in self._later[at])
            versions = (*state.versions, version)
            yield _State(kept, waiting, confirmed - {at}, state.has_newer or is_newer, versions)

    def _confirms(self, at: int, origins: Origins, other: int) -> bool:
        """Return whether a newer version agrees with what another input used last, on a later version of an ancestor."""
        one, stays = self._inputs[at], self._inputs[other].before
        now, then = intersect_origins([origins, stays]), intersect_origins([one.before, stays])
        common = set(origins) & set(stays)
        return any(max(now[id], default=0) > max(then.get(id, ()), default=0) for id in common)
