"""Use cases: load, decide, save, emit. No vendor, no Slack client."""
