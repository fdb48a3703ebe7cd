"""Runs that kill and cut: everything dies or falters again and again, and nothing may be lost."""
