"""How what a program logs looks: a line with its time, or what systemd's journal takes, which has the time itself."""

import logging
import os
import sys
from typing import TextIO

FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
JOURNAL_FORM = "%(levelname)s %(name)s: %(message)s"
# sd-daemon(3): a line may begin with its priority; each with the lowest level that has it
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


class JournalForm(logging.Formatter):
    """Without a time, and each line with its priority: a line is a record of the journal, also of a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of ``record``."""
        first = f"<{_priority(record.levelno)}>"
        return "\n".join(first + line for line in super().format(record).split("\n"))


def log_to_stderr() -> None:
    """Log from INFO on."""
    to = logging.StreamHandler(sys.stderr)
    to.setFormatter(form_for(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=[to])


def form_for(stream: TextIO) -> logging.Formatter:
    """Return the form that suits who reads ``stream``."""
    return JournalForm(JOURNAL_FORM) if journal_reads(stream) else logging.Formatter(FORM)


def ranked(line: str, level: int, stream: TextIO) -> str:
    """Return a line that is written past the log, with its priority where ``stream`` is the journal's."""
    return f"<{_priority(level)}>{line}" if journal_reads(stream) else line


def journal_reads(stream: TextIO) -> bool:
    """Return whether systemd has made ``stream`` the journal's.

    It says device and inode (systemd.exec(5)), for the variable is inherited where stderr is not.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG)
