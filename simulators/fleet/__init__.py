"""A fleet: the packs of many agents as a load, offered so fast that whoever receives them is the bottleneck."""
