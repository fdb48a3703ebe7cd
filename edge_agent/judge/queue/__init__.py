"""The judge of queues on lanes and roads."""
