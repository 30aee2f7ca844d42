"""Live previews measured: latency, exactness, overload, viewers, booths, a soak, and peers beside them."""
