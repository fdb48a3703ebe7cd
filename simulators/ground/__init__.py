"""Ground sensors that are not there: what they measure, and how they say it over Modbus or The Things Stack."""
