"""jq from the configuration: the guarded engine, and the router on top of it."""
