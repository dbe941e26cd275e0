"""Documents parsed, weighed and validated once per text; says nothing about who may run them."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from hashlib import sha256

import msgspec
import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    is_abstract_type,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.language import FieldNode, VariableDefinitionNode
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.name_converter import NameConverter
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.field import StrawberryField

from portnet_graphql.core import core_schema
from portnet_graphql.errors import ErrorCode, InvalidRequest, invalid_request, request_error
from portnet_graphql.limits import Limits, TooDeep, weigh

# graphql-core's default of 500,000 lets 1.25 KB of equal fields burn 0.2 s; an app's largest
# operation needs a few hundred. This module attribute is the setting it documents.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000

#: Built once: a tuple of fresh classes for each request would defeat every cache below it.
VALIDATION_RULES: tuple[type[ASTValidationRule], ...] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)

#: The schema directive on fields that differ between viewers of one company.
VIEWER_DIRECTIVE = "viewer"


class Prepared(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A valid document, ready to be bound to variables any number of times."""

    schema: strawberry.Schema
    document: DocumentNode
    #: Lower-case hex of the sha256 of the exact text.
    digest: str
    #: It selects a field that differs between viewers: its answers are never shared.
    viewer_dependent: bool
    #: How often each variable is used, definitions not counted.
    variable_uses: Mapping[str, int]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one.

        Raises:
            InvalidRequest: there is none, or several and no name.
        """
        operations = [
            node for node in self.document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        chosen = [
            node for node in operations if name is None or (node.name and node.name.value == name)
        ]
        if len(chosen) != 1:
            message = (
                f"The document has no operation named {name!r}."
                if name is not None
                else "Name one of the document's operations in operationName."
            )
            raise InvalidRequest([request_error(ErrorCode.BAD_REQUEST, message)])
        return chosen[0]

    def kind(self, operation_name: str | None) -> OperationType:
        """Query, mutation or subscription; raises like `operation`."""
        return self.operation(operation_name).operation


class Documents:
    """The schema's documents, valid and invalid ones, in a cache bounded by their size.

    Args:
        capacity: characters of text kept; the tree of a document takes 50 to 120 bytes for each.
    """

    def __init__(
        self, schema: strawberry.Schema, *, limits: Limits | None = None, capacity: int = 400_000
    ) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._capacity = capacity
        self._held = 0
        self._known: OrderedDict[str, Prepared | InvalidRequest] = OrderedDict()

    def prepare(self, text: str) -> Prepared:
        """Parse and validate, or remember having done so.

        Raises:
            InvalidRequest: a syntax error, an invalid document, or one beyond the limits.
        """
        if len(text) > self._limits.characters:
            raise _too_large(f"it has more than {self._limits.characters} characters")
        known = self._known.get(text)
        if known is None:
            known = self._remember(text, self._examine(text))
        else:
            self._known.move_to_end(text)
        match known:
            case InvalidRequest():
                # A new exception each time: the cached one would gather tracebacks.
                raise InvalidRequest(known.errors)
            case Prepared():
                return known

    def _remember(self, text: str, outcome: Prepared | InvalidRequest) -> Prepared | InvalidRequest:
        self._known[text] = outcome
        self._held += len(text)
        while self._held > self._capacity and len(self._known) > 1:
            forgotten, _ = self._known.popitem(last=False)
            self._held -= len(forgotten)
        return outcome

    def _examine(self, text: str) -> Prepared | InvalidRequest:
        try:
            document = self._parsed(text)
            self._check(document)
        except InvalidRequest as refused:
            return InvalidRequest(refused.errors)
        return Prepared(
            schema=self._schema,
            document=document,
            digest=sha256(text.encode()).hexdigest(),
            viewer_dependent=_selects_viewer_fields(self._schema, document),
            variable_uses=_variable_uses(document),
        )

    def _parsed(self, text: str) -> DocumentNode:
        try:
            # Comments are not lexical tokens; the characters bound them.
            return parse(text, max_lexical_tokens=self._limits.tokens)
        except GraphQLError as error:
            raise invalid_request(ErrorCode.GRAPHQL_PARSE_FAILED, [error]) from None

    def _check(self, document: DocumentNode) -> None:
        try:
            weight = weigh(document, self._limits.depth)
        except TooDeep:
            raise _too_large(f"it is deeper than {self._limits.depth}") from None
        if weight.cost > self._limits.cost:
            raise _too_large(f"it asks for more than {self._limits.cost} fields")
        errors = validate(
            core_schema(self._schema),
            document,
            VALIDATION_RULES,
            max_errors=20,
            hide_suggestions=True,
        )
        if errors:
            raise invalid_request(ErrorCode.GRAPHQL_VALIDATION_FAILED, errors)


def _too_large(why: str) -> InvalidRequest:
    message = f"The document is too large: {why}."
    return InvalidRequest([request_error(ErrorCode.DOCUMENT_TOO_LARGE, message)])


def _variable_uses(document: DocumentNode) -> Mapping[str, int]:
    counter = _VariableCounter()
    visit(document, counter)
    return counter.uses


class _VariableCounter(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.uses: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, _key: object, parent: object, *_: object) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self.uses[node.name.value] += 1


def _selects_viewer_fields(schema: strawberry.Schema, document: DocumentNode) -> bool:
    type_info = TypeInfo(core_schema(schema))
    finder = _ViewerFieldFinder(schema, type_info)
    visit(document, TypeInfoVisitor(type_info, finder))
    return finder.found


class _ViewerFieldFinder(Visitor):
    def __init__(self, schema: strawberry.Schema, type_info: TypeInfo) -> None:
        super().__init__()
        self._possible_types = core_schema(schema).get_possible_types
        self._names: NameConverter = schema.config.name_converter
        self._type_info = type_info
        self.found = False

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._type_info.get_parent_type()
        fields = [self._type_info.get_field_def()]
        if is_abstract_type(parent):
            # An interface's field is resolved by its types: theirs may differ between viewers.
            fields += [type_.fields.get(node.name.value) for type_ in self._possible_types(parent)]
        self.found = self.found or any(field and self._is_marked(field) for field in fields)

    def _is_marked(self, field: GraphQLField) -> bool:
        definition = field.extensions.get("strawberry-definition")
        return isinstance(definition, StrawberryField) and any(
            self._names.from_directive(vars(type(directive))["__strawberry_directive__"])  # pyright: ignore[reportUnknownMemberType]  # its union has an open generic
            == VIEWER_DIRECTIVE
            for directive in definition.directives
        )
