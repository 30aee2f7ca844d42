"""Results as FHIR resources, and orders read from a FHIR server."""
