"""Pure Block Kit builders: domain values in, JSON within Slack's limits out."""
