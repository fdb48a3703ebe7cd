"""The contract between edge and hub, and what both need to keep it: nothing here imports them."""
