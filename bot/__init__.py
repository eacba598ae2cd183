"""Muster, the incident bot."""
