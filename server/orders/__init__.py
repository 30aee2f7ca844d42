"""Whom the hospital expects: its worklist, asked for and told to the booths."""
