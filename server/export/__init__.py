"""Copies for research: identities removed, measures as tables."""
