"""Who did what with whose data: audit messages of PS3.15 section A.5."""
