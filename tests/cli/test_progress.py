from __future__ import annotations

import pytest

from cvdata.cli.pace import rate
from cvdata.cli.progress import Lines


@pytest.mark.parametrize(
    ("speed", "text"), [(41234.4, "41,234/s"), (412.4, "412/s"), (3.44, "3.4/s"), (0.8, "0.8/s"), (0.4, "2.5 s each")]
)
def test_a_rate_reads_well_at_any_size(speed: float, text: str) -> None:
    assert rate(speed) == text


@pytest.mark.parametrize(
    ("total", "line"),
    [
        (1000, "reading: 400 of 1,000 (40 %), 20/s, 30 s left\n"),
        (40_000, "reading: 400 of 40,000 (1 %), 20/s, 33 min left\n"),
        (400_000, "reading: 400 of 400,000 (0 %), 20/s, 5.5 h left\n"),
    ],
)
def test_a_log_says_how_fast_it_goes_and_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], total: int, line: str
) -> None:
    now = [100.0]
    monkeypatch.setattr("cvdata.cli.progress.time.monotonic", lambda: now[0])
    lines = Lines()
    lines.start("reading", total)

    now[0] += 1
    lines.advance(20)
    now[0] += 19
    lines.advance(380)

    assert capsys.readouterr().err == line
