"""Which messages are no good, and what becomes of them: listed, judged again, dropped, and kept within a bound."""
