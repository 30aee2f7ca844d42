"""UIDs of what is negotiated (PS3.6 annex A)."""

from typing import Final

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
PLAIN: Final = (EXPLICIT, IMPLICIT)
"""Transfer syntaxes that everybody has; the second one must be taken by all (PS3.5 section 10.1)."""
VERIFICATION: Final = "1.2.840.10008.1.1"
COMMITMENT: Final = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
