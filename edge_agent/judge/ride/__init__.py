"""The judge of a box in a car: rides and stucks from its motion."""
