"""Makes the models that Triton serves. Needs the `train` extra."""

import os

# oneDNN's AVX-512 kernels write beyond their buffers in the backward pass of narrow convolutions (PyTorch 2.13 on Zen 4); the variable
# is read at the first convolution, and whoever sets it wins.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

__all__: list[str] = []
