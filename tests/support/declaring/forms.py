"""A small form that tests fill in: as published ones, but with few questions and a check that is easy to fail."""

from portnet.domain.declaring.form import Condition, Field, FieldType, Form, Forms, SourceKind, Step
from portnet.domain.localised import Localised

KIND = "ONSSA_IMPORT"
#: Asks for a manager's approval by default.
APPROVED_KIND = "DUM_IMPORT"

GOODS, SELLER, DUM, NUMBER = "goods/label", "seller/name", "papers/dum", "papers/number"
HS = "goods/lines/*/hs"
INVOICE = "papers/invoice"
#: Asked for only of one seller.
AGENT, ITS_SELLER = "seller/agent", "ACME"


CARRIED = frozenset({SourceKind.LAST, SourceKind.TEMPLATE})


def words(text: str) -> Localised:
    return Localised(fr=f"{text} (fr)", ar=f"{text} (ar)", en=text)


def a_form(kind: str = KIND, version: int = 1) -> Form:
    fields = (
        Field(path=GOODS, label=words("Goods"), type=FieldType.TEXT, required=True, carry=CARRIED),
        Field(path=SELLER, label=words("Seller"), type=FieldType.TEXT),
        Field(path=DUM, label=words("DUM"), type=FieldType.TEXT, scheme="DUM", max_length=40),
        Field(path=NUMBER, label=words("Number"), type=FieldType.TEXT),
        Field(path="goods/lines/*", label=words("Lines"), type=FieldType.GROUP, repeats=True),
        Field(path=HS, label=words("Code"), type=FieldType.TEXT),
        Field(
            path=AGENT,
            label=words("Agent"),
            type=FieldType.TEXT,
            visible_if=(Condition(path=SELLER, any_of=(ITS_SELLER,)),),
        ),
        Field(path=INVOICE, label=words("Invoice"), type=FieldType.DOCUMENT),
    )
    step = Step(code="all", question=words("What comes in?"), hint=None, fields=fields)
    return Form(kind=kind, version=version, label=words("Declaration"), steps=(step,))


FORMS = Forms(
    forms={(f.kind, f.version): f for f in (a_form(), a_form(version=2), a_form(APPROVED_KIND))}
)
