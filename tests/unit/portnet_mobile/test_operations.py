"""The app's operations fit the contract, and each carries what it needs."""

from pathlib import Path

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)

from portnet_mobile.operations import documents, text

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((ROOT / "graphql/schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(documents()))
def test_an_operation_is_valid_by_the_contract(name: str, contract: GraphQLSchema) -> None:
    assert validate(contract, documents()[name]) == []


@pytest.mark.parametrize("name", sorted(documents()))
def test_an_operation_is_sent_under_its_own_name_alone(name: str) -> None:
    operations = [
        node for node in parse(text(name)).definitions if isinstance(node, OperationDefinitionNode)
    ]
    assert [node.name.value for node in operations if node.name] == [name]


def test_each_operation_lies_in_the_file_of_its_name() -> None:
    folder = ROOT / "mobile_mock/portnet_mobile/operations"
    files = {path.stem for path in folder.glob("*.graphql")} - {"fragments"}
    assert files == {_snake(name) for name in documents()}


def test_a_frame_shows_a_dossier_as_the_list_does() -> None:
    """Else a list and the frames after it would differ from a fresh list."""
    for name in ("Home", "Dossiers", "CompanyFeed", "Sync"):
        assert "DossierRow" in _fragments(name), name
    for name in ("Home", "Alerts", "MyFeed", "Sync", "AcknowledgeAlert"):
        assert "AlertRow" in _fragments(name), name


def _fragments(name: str) -> set[str]:
    return {
        node.name.value
        for node in documents()[name].definitions
        if isinstance(node, FragmentDefinitionNode)
    }


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
