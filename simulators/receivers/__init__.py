"""Receivers of alarms that fail on command: a webhook and a mail server."""
