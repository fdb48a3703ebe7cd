"""What stands behind the scripts of berths: labelled frames, examples and scenes to learn from, the net, scores."""
