"""Schema versions."""
