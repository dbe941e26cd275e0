"""What a password must be."""

import pytest

from portnet.domain.identity.password import password_faults


@pytest.mark.parametrize(
    "password", ["12345678", "x" * 128, "تصريح ١٢", "    leading and trailing  "]
)
def test_any_eight_to_128_characters_will_do(password: str) -> None:
    assert password_faults(password, "amina", common=False) == ()


@pytest.mark.parametrize(
    ("password", "common", "code"),
    [
        ("1234567", False, "TOO_SHORT"),
        ("x" * 129, False, "TOO_LONG"),
        ("whatever", True, "TOO_COMMON"),
        ("Amina.Alami", False, "TOO_COMMON"),
    ],
)
def test_what_is_wrong_is_said(password: str, common: bool, code: str) -> None:
    faults = password_faults(password, "amina.alami", common=common)
    assert [(fault.path, fault.code) for fault in faults] == [("password", code)]
