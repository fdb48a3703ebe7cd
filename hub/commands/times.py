"""Instants as people write them: how long ago, or when."""

from datetime import UTC, datetime, timedelta

import typer

from device_profiles.config import duration_us


def instant_us(text: str, *, now_us: int, option: str = "--since") -> int:
    """Return the µs since 1970 that ``text`` means: 2h ago, or 2026-01-31T08:00Z. Raises typer.BadParameter."""
    try:
        return now_us - duration_us(text)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no time (2026-01-31T08:00Z) or duration (2h)", param_hint=option
        ) from error
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
