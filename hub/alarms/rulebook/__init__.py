"""The rules in force, and how conditions, timers and keys are weighed by them."""
