"""Evidence at the hub: what alarms name by digest is fetched from agents, verified, kept; each fetch is audited."""
