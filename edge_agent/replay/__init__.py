"""Judge recordings of a box as if it had sent them: `edge-agent replay`."""
