"""Where arithmetic in bfloat16 pays."""

from __future__ import annotations

import contextlib
from typing import Any, Literal

import torch

Precision = Literal["float32", "bfloat16"]


def best(device: torch.device) -> Precision:
    """`bfloat16` where the machine computes in it: a GPU of 2020 or later, AVX-512 BF16 or AMX.

    Elsewhere a CPU emulates it, ten times slower than float32.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


def autocast(device: torch.device, precision: Precision) -> contextlib.AbstractContextManager[Any]:
    """The context in which a loss is computed."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
