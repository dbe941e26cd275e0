"""References of a run: new each time, and as well-formed as real ones."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from portnet.agencies.canonical import WireMessage, read
from portnet.domain.identifiers import check_container, check_dum, doubtful_dum_key
from portnet.scenarios import shipped
from portnet_server.demo.references import new_references

S0 = shipped()["S0"]


@given(st.integers())
def test_references_are_well_formed(seed: int) -> None:
    refs = new_references(S0, 2026, Random(seed))
    assert refs.keys() == S0.refs.keys()
    assert check_dum(refs["dum"])
    assert not doubtful_dum_key(refs["dum"])
    assert check_container(refs["container"])
    assert refs["onssa"].startswith("OI-26-")


def test_runs_of_one_chance_do_not_repeat_each_other() -> None:
    chance = Random(1)
    made = [value for _ in range(200) for value in new_references(S0, 2026, chance).values()]
    assert len(set(made)) == len(made)


def test_a_scheme_that_we_do_not_know_gets_a_value_that_the_wire_takes() -> None:
    scenario = msgspec.structs.replace(S0, refs={"a": "BILL_OF_LADING", "b": "X"})
    for value in new_references(scenario, 2026, Random(1)).values():
        body = msgspec.json.encode(
            {
                "type": "A.b",
                "occurred_at": "2026-11-22T09:00:00Z",
                "refs": [{"scheme": "X", "value": value}],
            }
        )
        assert isinstance(read(body), WireMessage)
