"""Who watches from outside: at the wire, at a bad line, in the command centre, in the journal file."""
