"""Values and pure decisions; standard library only."""
