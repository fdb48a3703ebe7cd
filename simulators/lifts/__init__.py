"""A lift with physics: shaft, car, doors, people, control and faults, in city time."""
