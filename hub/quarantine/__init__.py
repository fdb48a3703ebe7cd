"""What becomes of messages that were set aside: listed, judged again, dropped, and kept within a bound."""
