"""A retrofit box on a serial line: it speaks the box protocol (docs/lifts.md) about signals that others make."""
