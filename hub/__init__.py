"""The hub: keeps every fact, raises alarms from them and proves that nothing was lost."""
