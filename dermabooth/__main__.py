"""`python -m dermabooth`."""

from dermabooth.cli import main

main()
