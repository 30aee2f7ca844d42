"""Makes the models that Triton serves. Needs the `train` extra."""

__all__: list[str] = []
