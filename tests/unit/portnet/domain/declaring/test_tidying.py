"""One spelling for what people type, in whatever script and with whatever separators."""

from __future__ import annotations

import pytest

from portnet.domain.declaring.answering.tidying import tidy
from tests.support.declaring.published import form

FIELDS = {**form("DUM_IMPORT").fields, **form("ONSSA_IMPORT").fields}


@pytest.mark.parametrize(
    ("path", "typed", "kept"),
    [
        ("operation/invoice/amount", "١٢٣٤٫٥٦", "1234.56"),
        ("operation/invoice/amount", "۱۲۳۴٫۵", "1234.5"),
        ("operation/invoice/amount", "12 345,5", "12345.5"),
        ("operation/invoice/amount", "12\u202f345.5", "12345.5"),
        # A thousand and more, or one and a bit? It is left as it is, and refused.
        ("operation/invoice/amount", "1,234", "1,234"),
        ("operation/invoice/amount", "1,234.5", "1,234.5"),
        ("operation/invoice/date", " ٢٠٢٦-١١-٠٢ ", "2026-11-02"),
        ("operation/operator_ice", "001561191 0000 66", "001561191000066"),
        ("operation/transport/containers/*", "csqu 305438-3", "CSQU3054383"),
        ("operation/transport/air_waybill", "147 1234 5675", "147-12345675"),
        ("operation/dum", "309 010 2017 0011622 y", "30901020170011622Y"),
        ("operation/title/number", "\u200eEI-26-٠٠٠١٢٣ ", "EI-26-000123"),
        ("operation/bureau", "٣٠٩", "309"),
        ("operation/party/name", "  Piensos\n del  Sur\u00a0SA ", "Piensos del Sur SA"),
        ("operation/party/name", "Cafe\u0301", "Café"),
        ("operation/party/name", "شركة ٣", "شركة ٣"),
        ("goods/lines/*/hs", "2309.90.90.00", "2309909000"),
        ("goods/lines/*/nature", "PERISHABLE, DANGEROUS,,PERISHABLE", "DANGEROUS,PERISHABLE"),
    ],
)
def test_an_answer_has_one_spelling(path: str, typed: str, kept: str) -> None:
    assert tidy(FIELDS[path], typed) == kept
    assert tidy(FIELDS[path], kept) == kept
