"""What the demo's people were writing when the demo began, through the API like any app: a title that its manager is to
approve, and a broker's draft.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from portnet.ports.clock import Clock, Ids
from portnet_mobile.client import Client, mutation_id
from portnet_mobile.clock import SystemClock
from portnet_mobile.contract import Identified
from portnet_mobile.drafts import Drafts
from portnet_server.demo.accounts import COMPANIES, PASSWORD

#: A commercial invoice, by EDIFACT 1001.
_INVOICE = "380"
_PAPER = b"%PDF-1.4\n% The demo's invoice: a paper with nothing on it.\n%%EOF\n"
_LINE = "goods/lines"
#: Seconds between two looks whether the paper has been stored.
_LOOK_AGAIN = 0.05
_STORED_WITHIN = 10.0


async def declare_before_the_demo(url: str, clock: Clock, ids: Ids) -> None:
    """Raises PhoneError where the server at ``url`` refuses any of it."""
    async with _signed_in(url, "declarant") as phone:
        company = await _own_company(phone)
        await _title_to_approve(phone, url, company, clock, ids)
    async with _signed_in(url, "broker") as phone:
        drafts = Drafts(phone.execute)
        begun = drafts.begin("DUM_IMPORT", company, 1)
        drafts.write(begun, {"operation/regime": "010", "operation/party/name": "Cargill France"})
        await drafts.send()


def title(ice: str, line: str, invoiced: str, paper: str) -> Mapping[str, str]:
    """Answers of an import title with nothing wrong: feed additives for ``ice``; ``invoiced`` is a date."""
    return {
        "operation/operator_ice": ice,
        "operation/title/kind": "EI",
        "operation/bank": "AWB",
        "operation/bureau": "309",
        "operation/party/name": "Nutri-Ouest SAS",
        "operation/party/country": "FR",
        "operation/invoice/number": "PF-2026-118",
        "operation/invoice/date": invoiced,
        "operation/invoice/currency": "EUR",
        "operation/invoice/amount": "48200.00",
        "operation/incoterm": "CIF",
        "operation/incoterm_place": "Casablanca",
        f"{_LINE}/{line}/hs": "2309909000",
        f"{_LINE}/{line}/description": "Additifs pour l'alimentation animale",
        f"{_LINE}/{line}/origin": "FR",
        f"{_LINE}/{line}/quantity": "12500",
        f"{_LINE}/{line}/unit": "KGM",
        f"{_LINE}/{line}/value": "48200.00",
        "documents/contract": paper,
    }


async def _title_to_approve(phone: Client, url: str, company: str, clock: Clock, ids: Ids) -> None:
    drafts = Drafts(phone.execute)
    begun = drafts.begin("IMP_TITLE", company, 1)
    drafts.write(begun, {"operation/bank": "AWB"})
    await drafts.send()
    read = (await phone.execute("Declaration", {"id": begun}))["declaration"]
    paper = await _sent(phone, url, read["id"])
    invoiced = (clock.now() - timedelta(days=20)).date().isoformat()
    drafts.write(begun, title(COMPANIES["importer"].ice, ids.new(), invoiced, paper))
    await drafts.send()
    whole = (await phone.execute("Declaration", {"id": begun}))["declaration"]
    asked = {"id": whole["id"], "expectedVersion": whole["version"]}
    await phone.act("RequestApproval", "requestApproval", asked, Identified, "Approval")


async def _sent(phone: Client, url: str, subject: str) -> str:
    """The id of a paper for ``subject``, once the server has it."""
    wish: dict[str, Any] = {
        "clientMutationId": mutation_id(),
        "subject": subject,
        "kind": _INVOICE,
        "mediaType": "application/pdf",
        "bytes": len(_PAPER),
        "sha256": hashlib.sha256(_PAPER).hexdigest(),
    }
    upload = (await phone.execute("StartUpload", {"input": wish}))["startUpload"]
    # To the demo itself, whatever name it has for the world outside.
    address = url + urlsplit(str(upload["url"])).path
    async with aiohttp.ClientSession() as session, session.put(address, data=_PAPER) as put:
        put.raise_for_status()
    async with asyncio.timeout(_STORED_WITHIN):
        # The same wish under the same id answers with how far it has come.
        while (document := upload["document"]) is None:
            await asyncio.sleep(_LOOK_AGAIN)
            upload = (await phone.execute("StartUpload", {"input": wish}))["startUpload"]
    paper: str = document["id"]
    return paper


async def _own_company(phone: Client) -> str:
    company: str = (await phone.execute("Home", {"dossiers": 1, "alerts": 1}))["me"]["company"][
        "id"
    ]
    return company


@asynccontextmanager
async def _signed_in(url: str, login: str) -> AsyncGenerator[Client]:
    phone = Client(url, locale="fr", clock=SystemClock())
    await phone.open()
    try:
        await phone.sign_in(login, PASSWORD)
        yield phone
        await phone.sign_out()
    finally:
        await phone.close()
