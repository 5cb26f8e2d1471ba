"""An input that stays at one version starts no run when its dataset gets a newer one."""

from __future__ import annotations

import pytest

from aero_jupyter.core.policy import InputState, PolicyEnum, is_due


@pytest.mark.parametrize("newest", [4, 5, 90])
@pytest.mark.parametrize("policy", [PolicyEnum.ANY, PolicyEnum.ALL])
def test_a_new_version_of_a_pinned_input_starts_no_run(policy: PolicyEnum, newest: int) -> None:
    pinned = InputState(newest, 3, is_pinned=True)
    assert not is_due(policy, [pinned])
    assert not is_due(policy, [pinned, InputState(7, 7)])
    assert is_due(policy, [pinned, InputState(8, 7)])


@pytest.mark.parametrize("policy", [PolicyEnum.ANY, PolicyEnum.ALL])
def test_a_flow_of_pinned_inputs_runs_once(policy: PolicyEnum) -> None:
    assert is_due(policy, [InputState(4, is_pinned=True), InputState(2, is_pinned=True)])
    assert not is_due(policy, [InputState(9, 4, is_pinned=True), InputState(3, 2, is_pinned=True)])
