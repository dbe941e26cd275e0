"""What a person types becomes lines."""

import pytest

from portnet_mobile.console.keyboard import LineEditor


@pytest.mark.parametrize(
    ("typed", "lines", "left"),
    [
        (["do", " X", "\n"], ["do X"], ""),
        (["answer\ndo X\rlo"], ["answer", "do X"], "lo"),
        (["dp\x7fo\n"], ["do"], ""),
        (["\x7f\x7fé\x08e"], [], "e"),
        (["nonsense\x15look\n"], ["look"], ""),
        (["a\x1b[2J\tb\n"], ["a[2Jb"], ""),
        (["الجواب\n"], ["الجواب"], ""),
    ],
)
def test_keys_become_lines(typed: list[str], lines: list[str], left: str) -> None:
    editor = LineEditor()
    assert [line for text in typed for line in editor.take(text)] == lines
    assert editor.line == left
