"""DICOM's own network services (PS3.4, PS3.7, PS3.8) as blocking calls for named threads."""
