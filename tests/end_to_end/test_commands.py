"""The commands as a new user runs them: each a process of its own, beside a demo that is a process too."""

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport

from portnet.domain.identifiers import normalise
from portnet_server.demo.accounts import COMPANIES
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.keys import read_keys
from portnet_server.system import SystemClock
from tests.end_to_end.replica import sign_in
from tests.support.house.opening import new_telling, steps
from tests.support.house.patience import giving_up_after
from tests.support.house.processes import ServerProcess, environment, run

#: Seconds for the server to take a message in, and for a few commands to start.
_PATIENCE = 60
#: Written here, and by nobody who wrote the server.
_SCENARIO = """
code = "MINE"
title = { fr = "Thé vert", ar = "شاي أخضر", en = "Green tea" }
parties = { OPERATOR = "company:importer" }
refs = { dum = "DUM", box = "CONTAINER" }

[[steps]]
source = "BADR"
event = "DUM_IMPORT.registered"
refs = ["dum", "box"]

[[steps]]
after = "10min"
source = "BADR"
event = "DUM_IMPORT.channel_green"
refs = ["dum"]

[[steps]]
after = "2h"
source = "BADR"
event = "DUM_IMPORT.liquidated"
refs = ["dum"]
due_in = "24h"
amounts = [{ kind = "DI", value = "12.50", currency = "MAD" }]
"""
#: Signing asks for a second factor, and for nobody's approval.
_SIGNED = """
code = "SIGNED"
title = { fr = "Abonnement signé", ar = "توقيع الاشتراك", en = "A subscription is signed" }
parties = { OPERATOR = "company:importer" }
refs = { file = "SUBSCRIPTION" }

[[steps]]
source = "PORTNET"
event = "SUBSCRIPTION.docs_ok"
refs = ["file"]

[[steps]]
after = "1h"
source = "PORTNET"
event = "SUBSCRIPTION.paid"
refs = ["file"]

[[steps]]
wait_for = { by = "ADMINISTRATOR", act = "SUBSCRIPTION.signed", within = "4h" }
"""
_ASKED = """
code = "ASKED"
title = { fr = "Pièce demandée", ar = "وثيقة مطلوبة", en = "A paper is asked for" }
parties = { OPERATOR = "company:importer", BROKER = "company:broker" }
refs = { dum = "DUM" }

[[steps]]
source = "BADR"
event = "DUM_IMPORT.registered"
refs = ["dum"]

[[steps]]
source = "BADR"
event = "DUM_IMPORT.channel_orange"
refs = ["dum"]

[[steps]]
source = "BADR"
event = "DUM_IMPORT.info_requested"
refs = ["dum"]

[[steps]]
wait_for = { by = "BROKER", act = "ANSWER_REQUEST", within = "4h", else = "DUM_IMPORT.escalate_visit" }
"""
_STATES = """query($text: String!) { dossiers(first: 1, filter: { text: $text }) { nodes { procedures { nodes {
    reference state { code } } } } } }"""
_STARTS_WITHIN = 60


class Demo:
    """A demo that runs in ``folder``, and the settings by which other commands find it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ServerProcess(("demo", "--quiet"), folder, {})
        self.settings = {"PORT": self.server.url.rpartition(":")[2]}

    async def reaches(self, login: str, reference: str, state: str) -> None:
        """Wait until the procedure of that reference, as ``login`` sees it, is in ``state``."""
        token = await sign_in(self.server.url, login)
        transport = AIOHTTPTransport(
            url=f"{self.server.url}/graphql", headers={"Authorization": f"Bearer {token}"}
        )
        asked = gql(_STATES)
        asked.variable_values = {"text": reference}
        states: list[str] = []
        async with Client(transport=transport) as app:
            while state not in states:
                dossiers = (await app.execute(asked))["dossiers"]["nodes"]
                states = [
                    node["state"]["code"]
                    for dossier in dossiers
                    for node in dossier["procedures"]["nodes"]
                    if normalise("DUM", node["reference"] or "") == normalise("DUM", reference)
                ]
                await asyncio.sleep(0.05)

    async def said(self, word: str) -> str:
        """Its output, once it says that."""
        while word not in self.server.log:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
        return self.server.log


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all these tests: they only add to it."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    with giving_up_after(_STARTS_WITHIN):
        asyncio.run(demo.server.start())
        asyncio.run(demo.said("What to do now"))
    yield demo
    assert asyncio.run(demo.server.stop()) == 0


async def test_the_demo_prints_its_accounts_and_what_to_do_next(demo: Demo) -> None:
    said = demo.server.log
    assert demo.server.url in said
    for login in (user.login for company in COMPANIES.values() for user in company.users):
        assert login in said
    assert "portnet phone --as declarant" in said
    assert "portnet agency replay S0" in said


async def test_the_demos_page_says_the_same_in_three_languages(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        for locale, word in (("fr", "déclarant"), ("ar", "مصرح"), ("en", "declarant")):
            headers = {"Accept-Language": locale}
            async with session.get(f"{demo.server.url}/", headers=headers) as response:
                page = await response.text()
            assert response.status == 200
            assert word in page
            assert "portnet phone --as declarant" in page


async def test_a_phone_without_a_screen_tells_of_a_scenario_that_nobody_here_wrote(
    demo: Demo,
) -> None:
    (demo.folder / "mine.toml").write_text(_SCENARIO, encoding="utf-8")
    phone = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portnet_server.cli", "phone", "--as", "declarant"),
        cwd=demo.folder,
        env=environment(demo.settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert phone.stdout is not None
        first = (await phone.stdout.readline()).decode()
        assert "9" in first, "the demo's nine dossiers"
        command = ("agency", "replay", "mine.toml", "--seconds", "0")
        replayed = await run(command, demo.folder, demo.settings)
        assert replayed.status == 0, replayed.said
        assert replayed.said.count("DUM_IMPORT.") == 3
        heard = [(await phone.stdout.readline()).decode() for _ in range(3)]
        while not any("Liquidée" in line for line in heard):
            heard.append((await phone.stdout.readline()).decode())
    finally:
        phone.terminate()
        await phone.communicate()


async def test_a_story_goes_on_when_the_company_answers_and_takes_its_other_way_when_it_does_not(
    demo: Demo,
) -> None:
    told = await run(("agency", "replay", "S5", "--seconds", "0"), demo.folder, demo.settings)
    assert told.status == 0, told.said
    assert "waits for DECLARANT to PHYTO_EXPORT.answered" in told.said
    assert "done by exporter" in told.said
    number = re.search(r"CERT (CER-\S+)", told.said)
    assert number is not None
    await demo.reaches("exporter", number[1], "CLOSED")
    (demo.folder / "asked.toml").write_text(_ASKED, encoding="utf-8")
    left = await run(
        ("agency", "replay", "asked.toml", "--wait", "--seconds", "1"), demo.folder, demo.settings
    )
    assert left.status == 0, left.said
    assert "not done: broker" in left.said
    dum = re.search(r"DUM (\d{3} \d{3} \d{4} \d{7} \S)", left.said)
    assert dum is not None
    await demo.reaches("broker", dum[1], "VISIT_TO_SET")


async def test_an_act_that_needs_a_second_factor_is_done_with_the_persons_own_code(
    demo: Demo,
) -> None:
    (demo.folder / "signed.toml").write_text(_SIGNED, encoding="utf-8")
    command = ("agency", "replay", "signed.toml", "--seconds", "0")
    told = await run(command, demo.folder, demo.settings)
    assert told.status == 0, told.said
    assert "done by administrator" in told.said
    code = await run(("code", "--as", "administrator"), demo.folder, demo.settings)
    assert re.match(r"\d{6}\n", code.said), code.said


async def test_a_banks_release_shows_among_the_anomalies(demo: Demo) -> None:
    telling = new_telling("G0", run=7)
    (registered, opened_at), *_ = steps(telling)
    first = telling.message(1, registered, opened_at)
    [keys_file] = demo.folder.rglob("agency-keys.json")
    async with AgencyClient(demo.server.url, read_keys(keys_file), SystemClock()) as client:
        assert (await client.post("BADR", first)).accepted
    released, at = steps(telling)[4]
    second = telling.message(5, msgspec.structs.replace(released, source="BANK"), at)
    said = await run(("agency", "send", "BANK"), demo.folder, demo.settings, second)
    assert (said.status, said.said[:3]) == (0, "202"), said.said
    listed = await run(("anomalies",), demo.folder, demo.settings)
    assert listed.status == 0, listed.said
    [line] = [line for line in listed.said.splitlines() if "BANK" in line]
    assert "NOT_THAT_SOURCE" in line
    assert "DUM_IMPORT.released" in line


async def test_the_log_rebuilds_what_the_phones_see(demo: Demo) -> None:
    for options in (("--verify",), ("--into", f"sqlite://{demo.folder}/again.sqlite")):
        made = await run(("rebuild", *options), demo.folder, demo.settings)
        assert made.status == 0, made.said
        assert " 0 differences" in made.said
        assert not made.said.startswith("0 events")
    mixed = await run(("rebuild", "--verify", "--indicators"), demo.folder, demo.settings)
    assert mixed.status == 2
    assert "choose one" in mixed.said


async def test_the_public_figures_need_no_sign_in(demo: Demo) -> None:
    headers = {"Accept-Language": "ar", "Accept": "text/html"}
    address = f"{demo.server.url}/indicators"
    async with aiohttp.ClientSession() as session:
        async with session.get(address, headers=headers) as page:
            assert page.status == 200
            assert 'dir="rtl"' in await page.text()
        async with session.post(address) as posted:
            assert posted.status == 405


async def anomaly_of(demo: Demo, event_id: str) -> str:
    """The id of that message's anomaly, once the server has set it aside; the demo has others."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            listed = await run(("anomalies", "list"), demo.folder, demo.settings)
            for anomaly in re.findall(r"BANK .*\[(\w{26})\]", listed.said):
                shown = await run(("anomalies", "show", anomaly), demo.folder, demo.settings)
                if event_id in shown.said:
                    return str(anomaly)


async def test_an_anomaly_is_shown_whole_and_settled_at_the_console(demo: Demo) -> None:
    telling = new_telling("G0", run=9)
    step, at = steps(telling)[4]
    body = telling.message(5, msgspec.structs.replace(step, source="BANK"), at)
    [keys_file] = demo.folder.rglob("agency-keys.json")
    async with AgencyClient(demo.server.url, read_keys(keys_file), SystemClock()) as client:
        assert (await client.post("BANK", body)).accepted
    anomaly = await anomaly_of(demo, msgspec.json.decode(body)["event_id"])
    decision = ("anomalies", "dismiss", anomaly, "--reason", "A bank's mistake.", "--by", "Houda")
    exact, dismissed = await asyncio.gather(
        run(("anomalies", "show", anomaly, "--bytes"), demo.folder, demo.settings),
        run(decision, demo.folder, demo.settings),
    )
    assert exact.said.strip() == body.decode()
    assert "DISMISSED" in dismissed.said
    shown = await run(("anomalies", "show", anomaly), demo.folder, demo.settings)
    assert "by Houda: A bank's mistake." in shown.said
    assert body.decode() in shown.said


async def test_a_question_for_the_help_desk_is_a_case_on_its_console(demo: Demo) -> None:
    token = await sign_in(demo.server.url, "declarant")
    headers = {"Authorization": f"Bearer {token}"}
    transport = AIOHTTPTransport(url=f"{demo.server.url}/graphql", headers=headers)
    async with Client(transport=transport) as app:
        seen = await app.execute(gql("{ dossiers(first: 1) { nodes { id reference } } }"))
        [dossier] = seen["dossiers"]["nodes"]
        question = {"clientMutationId": "1", "subject": dossier["id"], "text": "Why \x1b[2J?"}
        asked = gql(
            "mutation ($input: HelpInput!) { askForHelp(input: $input) { clientMutationId } }"
        )
        asked.variable_values = {"input": question}
        await app.execute(asked)
    listed = await run(("anomalies", "cases", "--trail"), demo.folder, demo.settings)
    assert listed.status == 0, listed.said
    assert dossier["reference"] in listed.said
    assert "Why \\x1b[2J?" in listed.said
    assert "APPLIED" in listed.said
    [case] = re.findall(r"OPEN +\[(\w{26})\]", listed.said)
    answering = ("anomalies", "answer", case, "--answer", "ONSSA has it.", "--by", "Houda")
    closed = await run(answering, demo.folder, demo.settings)
    assert (closed.status, closed.said.strip()) == (0, f"CLOSED  [{case}]  ONSSA has it.")
    other = await run((*answering[:-3], "No.", "--by", "Nadia"), demo.folder, demo.settings)
    assert (other.status, "answered already" in other.said) == (1, True)
    listed = await run(("anomalies", "cases"), demo.folder, demo.settings)
    assert "Houda: ONSSA has it." in listed.said


async def test_a_table_is_imported_whole_or_every_bad_line_is_named(demo: Demo) -> None:
    good = "code,fr,ar,en,source,verified\n020,Admission temporaire,القبول المؤقت,Temporary,ADII,true\n"
    (demo.folder / "good.csv").write_text(good, encoding="utf-8")
    (demo.folder / "bad.csv").write_text(good + "21,X,x,X,,maybe\n", encoding="utf-8")
    importing = ("reference", "import", "regimes")
    refused, tried = await asyncio.gather(
        run((*importing, "bad.csv"), demo.folder, demo.settings),
        run((*importing, "good.csv", "--dry-run"), demo.folder, demo.settings),
    )
    assert refused.status == 1
    for said in ("line 3, code", "line 3, ar", "line 3, source", "line 3, verified", "nothing"):
        assert said in refused.said
    assert (tried.status, tried.said.strip()) == (0, "1 rows could be imported")
    assert (await run((*importing, "good.csv"), demo.folder, demo.settings)).status == 0
    listed = await run(("reference", "list", "regimes"), demo.folder, demo.settings)
    assert "Temporary  (verified: ADII)" in listed.said


async def test_a_raw_message_is_the_help_desks_to_read(demo: Demo) -> None:
    telling = new_telling("G0", run=8)
    step, at = steps(telling)[4]
    body = telling.message(5, msgspec.structs.replace(step, source="BANK"), at)
    assert (await run(("agency", "send", "BANK"), demo.folder, demo.settings, body)).status == 0
    desk, customer = await asyncio.gather(
        *(sign_in(demo.server.url, login) for login in ("helpdesk", "declarant"))
    )
    transport = AIOHTTPTransport(
        url=f"{demo.server.url}/graphql", headers={"Authorization": f"Bearer {desk}"}
    )
    async with Client(transport=transport) as app:
        found: list[dict[str, str]] = []
        while not found:
            seen = await app.execute(gql("{ anomalies(first: 1) { nodes { rawUrl } } }"))
            found = seen["anomalies"]["nodes"]
    url = f"{demo.server.url}{found[0]['rawUrl']}"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {desk}"}) as response:
            assert (response.status, await response.read()) == (200, body)
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Disposition"].startswith("attachment")
        for token, address, status in (
            (customer, url, 403),
            ("nonsense", url, 401),
            (desk, f"{demo.server.url}/anomalies/nothing/raw", 404),
            (desk, f"{demo.server.url}/anomalies/x", 404),
        ):
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(address, headers=headers) as response:
                assert response.status == status


async def test_a_faulty_scenario_and_an_unknown_source_are_refused_in_words(demo: Demo) -> None:
    (demo.folder / "faulty.toml").write_text(_SCENARIO.replace('["dum"]', '["dmu"]'))
    replayed, sent = await asyncio.gather(
        run(("agency", "replay", "faulty.toml"), demo.folder, demo.settings),
        run(("agency", "send", "NOBODY"), demo.folder, demo.settings, b"{}"),
    )
    for ran, word in ((replayed, "dmu"), (sent, "NOBODY")):
        assert ran.status == 1
        assert word in ran.said
        assert "Traceback" not in ran.said


async def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        serving = {"PORTNET_MODE": "development", "PORTNET_LOG_LEVEL": "ERROR", "PORT": port}
        both = await asyncio.gather(
            run(("demo",), tmp_path, {"PORT": port}), run(("serve",), tmp_path, serving)
        )
    for ran in both:
        assert ran.status == 1
        [line] = ran.said.strip().splitlines()
        assert port in line


async def test_all_faults_of_the_configuration_are_named_at_once(tmp_path: Path) -> None:
    wrong = {
        "PORT": "99999",
        "PORTNET_MODE": "production",
        "PORTNET_SECRET": "short",
        "PORTNET_DATABASE_URL": "mysql://somewhere",
        "PORTNET_LOG_LEVEL": "LOUD",
        "PORTNET_DOCUMENST": "open",
    }
    said = await run(("serve",), tmp_path, wrong)
    assert said.status == 1
    for name in wrong.keys() - {"PORTNET_MODE"}:
        assert name in said.said
    assert "Traceback" not in said.said
    assert not list(tmp_path.iterdir())
