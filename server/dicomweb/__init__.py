"""The archive as a DICOMweb origin server (PS3.18): searches and retrievals."""
