"""Where pictures come from: streams, files and folders, read until they fail, and what can be wrong with them."""
