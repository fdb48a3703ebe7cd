"""Questions about alarms: lists, why, replays, what would have been."""
