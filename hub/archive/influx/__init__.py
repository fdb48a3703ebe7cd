"""InfluxDB as the archive: rows by device and instant, written as lines, refused point by point, asked in InfluxQL."""
