"""What is played: scenarios with their acts, the play that lets them take hold, and its story in words."""
