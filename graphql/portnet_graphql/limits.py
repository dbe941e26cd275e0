"""How large a document of free text may be, weighed before validation spends time on it.

Each fragment is weighed once, so the work is linear in the document whatever it expands to.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on free text; the standard introspection query weighs depth 18, cost about 300."""

    characters: int = 15_000
    #: An app's largest operation has about 600; 15,000 characters can hold 7,500.
    tokens: int = 3_000
    #: Selection sets from the root to the innermost, fragments included.
    depth: int = 25
    #: Fields with every fragment expanded; n fields of one response name beside each other
    #: cost n squared, because graphql-core compares each pair of them.
    cost: int = 1_000


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """What the heaviest definition of a document asks for."""

    depth: int = 0
    cost: int = 0


class TooDeep(Exception):
    """The weighing stopped at the depth limit."""


def weigh(document: DocumentNode, max_depth: int) -> Weight:
    """The heaviest definition's weight; fragment cycles count once (validation refuses them).

    Raises:
        TooDeep: some path is deeper than `max_depth`.
    """
    scale = _Scale(document, max_depth)
    weights = [
        scale.selection_set(definition.selection_set, 1)
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    return Weight(
        depth=max((weight.depth for weight in weights), default=0),
        cost=max((weight.cost for weight in weights), default=0),
    )


class _Scale:
    def __init__(self, document: DocumentNode, max_depth: int) -> None:
        self._max_depth = max_depth
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}

    def selection_set(self, selections: SelectionSetNode, level: int) -> Weight:
        """The weight of a selection set that sits `level` deep (the root's is 1)."""
        if level > self._max_depth:
            raise TooDeep
        inner = [self._selection(node, level) for node in selections.selections]
        names = Counter(_response_names(selections))
        return Weight(
            depth=1 + max((weight.depth for weight in inner), default=0),
            cost=sum(weight.cost for weight in inner)
            + sum(count * count for count in names.values()),
        )

    def _selection(self, node: SelectionNode, level: int) -> Weight:
        match node:
            case FragmentSpreadNode():
                return self._fragment(node.name.value, level)
            case FieldNode(selection_set=SelectionSetNode() as inner):
                return self.selection_set(inner, level + 1)
            case InlineFragmentNode():
                return self.selection_set(node.selection_set, level + 1)
            case _:
                return _NOTHING

    def _fragment(self, name: str, level: int) -> Weight:
        if name not in self._weighed and (fragment := self._fragments.get(name)):
            # Holds the place while its own selections are weighed: a cycle adds nothing.
            self._weighed[name] = _NOTHING
            self._weighed[name] = self.selection_set(fragment.selection_set, level + 1)
        weight = self._weighed.get(name, _NOTHING)
        if level + weight.depth > self._max_depth:
            raise TooDeep
        return weight


_NOTHING = Weight()


def _response_names(selections: SelectionSetNode) -> Iterator[str]:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield (node.alias or node.name).value
