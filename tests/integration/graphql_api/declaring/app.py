"""Somebody's app that declares."""

from typing import Any

from tests.integration.graphql_api.world import World
from tests.support.declaring.forms import KIND

DECLARATION = """id kind formVersion revision state version company { name } broker { name }
  values { path value } issues { path code severity message } reasons { code text }
  procedure { id } changes { path label before after }"""
SAVE = (
    "mutation ($input: SaveDeclarationInput!) { saveDeclaration(input: $input) { __typename"
    " ... on Declaration { " + DECLARATION + " }"
    " ... on InvalidInput { issues { path code message } }"
    " ... on StaleVersion { current { id } conflicts { path label yours theirs theirsBy } }"
    " ... on NotAllowedNow { stateNow: state }"
    " ... on Problem { code message } } }"
)
SUBMIT = (
    "mutation ($input: StepUpInput!) { submitDeclaration(input: $input) { __typename"
    " ... on Declaration { " + DECLARATION + " }"
    " ... on InvalidInput { issues { path code } }"
    " ... on SecondFactorRequired { operationHash }"
    " ... on StaleVersion { current { id } }"
    " ... on NotAllowedNow { stateNow: state }"
    " ... on Problem { code message } } }"
)
READ = "query ($id: ID!) { declaration(id: $id) { " + DECLARATION + " } }"


class App:
    """Somebody's app: it counts its mutations."""

    def __init__(self, world: World, login: str = "declarant") -> None:
        self.world = world
        self.login = login
        self._mutations = 0

    async def save(self, id: str, base: int, *patch: tuple[str, str | None], **more: Any) -> Any:
        self._mutations += 1
        given = {
            "clientMutationId": f"{self.login}-{self._mutations}",
            "id": id,
            "kind": KIND,
            "company": self.world.company_id("importer"),
            "formVersion": 1,
            "baseVersion": base,
            "patch": [{"path": path, "value": value} for path, value in patch],
        }
        answer = await self.world.ask(self.login, SAVE, input={**given, **more})
        return answer["data"]["saveDeclaration"] if answer.get("data") else answer

    async def begun(self, *patch: tuple[str, str | None], **more: Any) -> Any:
        saved = await self.save(self.world.ids.new(), 0, *patch, **more)
        assert saved["__typename"] == "Declaration", saved
        return saved

    async def act(self, text: str, **given: Any) -> Any:
        self._mutations += 1
        input_ = {"clientMutationId": f"{self.login}-{self._mutations}", **given}
        [answer] = (await self.world.data(self.login, text, input=input_)).values()
        return answer

    async def submit(self, declaration: Any, code: str | None = "123456") -> Any:
        proof = {"proof": {"code": code}} if code else {}
        return await self.act(
            SUBMIT, id=declaration["id"], expectedVersion=declaration["version"], **proof
        )

    async def read(self, id: str) -> Any:
        return (await self.world.data(self.login, READ, id=id))["declaration"]
