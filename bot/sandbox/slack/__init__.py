"""Slack's side of the sandbox, written from Slack's documentation only."""
