"""A Slack workspace in a box, with PagerDuty and GitHub beside it; see README.md."""
