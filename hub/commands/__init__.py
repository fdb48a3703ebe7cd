"""Groups of subcommands of ``hub``, one file each."""
