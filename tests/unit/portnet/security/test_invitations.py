"""Invitation codes: the same again, each its own, and read however they were written down."""

from portnet.security.invitations import InvitationCodes

CODES = InvitationCodes(b"k" * 32)


def test_a_code_is_made_again_and_never_twice() -> None:
    code = CODES.code("user", 1)
    assert code == CODES.code("user", 1)
    others = [CODES.code("user", 2), CODES.code("other", 1), InvitationCodes(b"x" * 32).code("user", 1)]  # fmt: skip
    assert len({code.text, *(other.text for other in others)}) == 4
    assert code.text not in repr(code)


def test_a_code_is_read_however_it_was_written_down() -> None:
    code = next(made for n in range(100) if {"0", "1"} <= set((made := CODES.code("user", n)).text))
    for typed in (
        code.text.lower(),
        f" {code.text} ",
        code.text.replace("-", ""),
        code.text.replace("0", "O").replace("1", "l"),
    ):
        assert CODES.hash(typed) == code.hash
    assert CODES.hash(code.text[:-1]) != code.hash
    assert CODES.hash("\ud800") != code.hash
