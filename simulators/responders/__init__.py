"""People who are called when somebody is trapped: they answer, drive, free the passengers and call back."""
