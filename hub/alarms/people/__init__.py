"""What people do about alarms, and what they report."""
