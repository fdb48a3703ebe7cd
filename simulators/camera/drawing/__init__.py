"""From the truth to a picture: the ground, what lies and stands on it, the air before it."""
