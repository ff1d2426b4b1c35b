# SPDX-License-Identifier: MIT
"""How values read: sizes, times, ratios, and the words of outcomes."""

from __future__ import annotations

from typing import NamedTuple

KIB = 1024
SMALL_KIB = 10 * KIB
WHOLE = 999.5
"""From here on three figures round to a thousand, which is another unit."""
TENTHS = 99.95
"""From here on a size has no decimal, as it has three figures without."""
DASH = "–"


class State(NamedTuple):
    """How an outcome shows: glyph and word and colour class, never one alone."""

    glyph: str
    word: str
    tone: str


STATES = {
    "PASS": State("✓", "pass", "good"),
    "WARN": State("!", "warn", "warn"),
    "UNSUPPORTED": State("○", "not offered", "mute"),
    "WAIVED": State("~", "waived", "mute"),
    "XFAIL": State("≈", "expected fail", "warn"),
    "XPASS": State("‼", "unexpected pass", "bad"),
    "FAIL": State("✗", "fail", "bad"),
    "LEAK": State("▽", "leak", "bad"),
    "OOM_UNSAFE": State("▲", "unsafe at OOM", "bad"),
    "SANITIZER": State("◆", "sanitizer", "bad"),
    "TIMEOUT": State("◷", "timeout", "bad"),
    "CRASH": State("✸", "crash", "bad"),
    "HARNESS_ERROR": State("?", "harness error", "bad"),
    "NOT_RUN": State("·", "not run", "mute"),
}

VERDICTS = {
    "pass": State("✓", "Pass", "good"),
    "fail": State("✗", "Fail", "bad"),
    "inconclusive": State("?", "Inconclusive", "warn"),
    "not-comparable": State("≠", "Not comparable", "warn"),
    "error": State("‼", "Error", "bad"),
    "interrupted": State("‖", "Interrupted", "warn"),
}

SEVERITIES = {
    "error": State("‼", "error", "bad"),
    "failure": State("✗", "failure", "bad"),
    "inconclusive": State("?", "inconclusive", "warn"),
    "warning": State("!", "warning", "warn"),
}

TRUTHS = {
    "true": State("✓", "true", "good"),
    "caveat": State("!", "with a caveat", "warn"),
    "false": State("✗", "false", "bad"),
    "not_testable": State("–", "cannot be tested", "mute"),
}

CLAIM_STATES = {
    "confirmed": State("✓", "confirmed here", "good"),
    "contradicted": State("✗", "measured otherwise", "bad"),
    "unconfirmed": State("!", "not confirmed here", "warn"),
    "unmeasured": State("·", "not measured here", "mute"),
    "untestable": State("–", "nothing to measure", "mute"),
}

AGREEMENTS = {
    "agrees": State("✓", "as computed", "good"),
    "mismatch": State("✗", "mismatch", "bad"),
}

GRADES = {
    "good": State("✓", "good", "good"),
    "bad": State("✗", "not good", "bad"),
    "skipped": State("–", "not tried", "mute"),
}

PACES = {
    "faster": State("▽", "faster", "good"),
    "less": State("▽", "less", "good"),
    "slower": State("▲", "slower", "bad"),
    "more": State("▲", "more", "bad"),
    "undecided": State("?", "undecided", "mute"),
}

LEDGER_VERDICTS = {
    "same": State("=", "same", "mute"),
    "different": State("≠", "different", "bad"),
    "less": State("▽", "less", "good"),
    "more": State("▲", "more", "bad"),
    "undecided": State("?", "undecided", "mute"),
}

CHANGES = {
    "worse": State("▲", "worse", "bad"),
    "better": State("▽", "better", "good"),
    "changed": State("≠", "changed", "warn"),
    "unjudged": State("·", "shown only", "mute"),
}


def number(value: float | None) -> str:
    """Thousands apart; a dash for what is unknown."""
    if value is None:
        return DASH
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:.3g}"
    return f"{int(value):,}"


def size(value: float | None) -> str:
    """Bytes with a binary unit, three figures."""
    if value is None:
        return DASH
    if abs(value) < SMALL_KIB:
        return f"{int(value):,} B"
    scaled, unit = float(value), "B"
    for step in ("KiB", "MiB", "GiB", "TiB"):
        scaled, unit = scaled / KIB, step
        if abs(scaled) < KIB - 0.5:
            break
    return f"{scaled:.1f} {unit}" if abs(scaled) < TENTHS else f"{scaled:,.0f} {unit}"


def duration(nanoseconds: float | None) -> str:
    """A time with the unit that suits it, three figures."""
    if nanoseconds is None:
        return DASH
    value, unit = float(nanoseconds), "ns"
    for step in ("µs", "ms", "s"):
        if abs(value) < WHOLE:
            break
        value, unit = value / 1000, step
    return f"{value:.3g} {unit}" if abs(value) < WHOLE else f"{value:,.0f} {unit}"


def quantity(value: float | None, unit: str | None) -> str:
    """A value in its own unit."""
    if unit == "bytes":
        return size(value)
    if unit == "ns":
        return duration(value)
    plain = number(value)
    return f"{plain} {unit}" if unit and value is not None else plain


def times(value: float | None) -> str:
    """A ratio: 0.43 ×, 12.5 ×, 316,000 ×."""
    if value is None:
        return DASH
    return f"{value:,.0f} ×" if value >= 100 else f"{value:.3g} ×"


def percent(part: int, whole: int) -> str:
    """A share that never rounds up to 100 %."""
    if whole == 0:
        return DASH
    thousandths = part * 1000 // whole
    return f"{thousandths / 10:.1f} %"


def plural(count: int, word: str) -> str:
    """1 case, 2 cases."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
