"""Examples to train on: of the phantom and of folders. A recipe loads the module that it needs."""

__all__: list[str] = []
