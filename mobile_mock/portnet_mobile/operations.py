"""The app's named operations, as they lie in `operations/`: each with the fragments it needs.

It reads files of this package only, and knows nothing of who sends an operation.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


@cache
def documents() -> Mapping[str, DocumentNode]:
    """Every operation by its name; a document holds one operation, then its fragments by name.

    Raises:
        ValueError: an operation without a name, or two of one name.
    """
    definitions = list(_definitions())
    fragments = {
        node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)
    }
    found: dict[str, DocumentNode] = {}
    for node in definitions:
        if isinstance(node, OperationDefinitionNode):
            if node.name is None or node.name.value in found:
                raise ValueError("every operation has a name of its own")
            needed = sorted(_needed(node, fragments))
            found[node.name.value] = DocumentNode(
                definitions=(node, *(fragments[name] for name in needed))
            )
    return found


@cache
def text(name: str) -> str:
    """The operation exactly as it is sent."""
    return print_ast(documents()[name])


def _definitions() -> Iterator[Node]:
    for file in files("portnet_mobile").joinpath("operations").iterdir():
        if file.name.endswith(".graphql"):
            yield from parse(file.read_text(encoding="utf-8"), no_location=True).definitions


def _needed(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        spreads = _Spreads()
        visit(waiting.pop(), spreads)
        new = spreads.names - found
        found |= new
        waiting += [fragments[name] for name in new]
    return found


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        """Called by `visit`."""
        self.names.add(node.name.value)
