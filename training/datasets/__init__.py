"""Examples to train on: of the phantom and of folders."""
