"""What most mutations take and some answer."""

from __future__ import annotations

import strawberry


@strawberry.type
class Done:
    client_mutation_id: strawberry.ID


@strawberry.input
class MutationInput:
    client_mutation_id: strawberry.ID


@strawberry.input
class SubjectInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID
