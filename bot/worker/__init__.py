"""Carries effects out: claim, run, settle, retry; and what runs by the clock."""
