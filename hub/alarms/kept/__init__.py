"""What is stored of alarms: revisions, snapshots, the audit; and the reader that writes them."""
