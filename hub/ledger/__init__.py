"""Which packs arrived, came twice, are missing or lost."""
