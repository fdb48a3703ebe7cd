"""What keeps an alarm quiet: chattering, causes and maintenance."""
