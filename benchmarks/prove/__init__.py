"""What takes longer than a test may: hundreds of kills at random points, and fuzzing. `python -m benchmarks.prove`."""
