"""A visit as DICOM objects: photographs, segmentations of their regions and findings, and reports of their measures."""

from server.dicom.attributes import Equipment, Making
from server.dicom.codes import PRIVATE_SCHEME, segment_kind
from server.dicom.derived import build_derived_photo
from server.dicom.dermoscopy import DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE
from server.dicom.encapsulated import build_encapsulated_pdf
from server.dicom.files import archived_syntax, decoded_pixels_sha256, encoded, read_header, write
from server.dicom.groups import Model
from server.dicom.identity import Identity, read_identity
from server.dicom.key_object import (
    DATA_RETENTION_EXPIRED,
    INCORRECT_WORKLIST_ENTRY,
    QUALITY_REASONS,
    REJECTED_FOR_PATIENT_SAFETY,
    REJECTED_FOR_QUALITY,
    REJECTIONS,
    build_key_object,
)
from server.dicom.kinds import object_kind
from server.dicom.origin import Origin, StudyWords
from server.dicom.photo import build_photo, build_photo_from_jpeg
from server.dicom.photo_description import LossyCompression, PhotoDescription
from server.dicom.proof import prove_photo
from server.dicom.reading import PhotoFile, read_photo
from server.dicom.report import NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS, ReportedFinding, build_report
from server.dicom.restatement import Restatement, restated, restated_photo
from server.dicom.segmentation import LABEL_MAP_SEGMENTATION_STORAGE, Form, build_segmentation
from server.dicom.segments import Segment
from server.dicom.transcoding import transcoded
from server.dicom.verification import Observer, verified
from server.dicom.warm_up import warm_up

__all__ = [
    "DATA_RETENTION_EXPIRED",
    "DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE",
    "INCORRECT_WORKLIST_ENTRY",
    "LABEL_MAP_SEGMENTATION_STORAGE",
    "NO_CLINICAL_VALIDATION",
    "PRIVATE_SCHEME",
    "QUALITY_REASONS",
    "REFERENCE_WEIGHTS",
    "REJECTED_FOR_PATIENT_SAFETY",
    "REJECTED_FOR_QUALITY",
    "REJECTIONS",
    "Equipment",
    "Form",
    "Identity",
    "LossyCompression",
    "Making",
    "Model",
    "Observer",
    "Origin",
    "PhotoDescription",
    "PhotoFile",
    "ReportedFinding",
    "Restatement",
    "Segment",
    "StudyWords",
    "archived_syntax",
    "build_derived_photo",
    "build_encapsulated_pdf",
    "build_key_object",
    "build_photo",
    "build_photo_from_jpeg",
    "build_report",
    "build_segmentation",
    "decoded_pixels_sha256",
    "encoded",
    "object_kind",
    "prove_photo",
    "read_header",
    "read_identity",
    "read_photo",
    "restated",
    "restated_photo",
    "segment_kind",
    "transcoded",
    "verified",
    "warm_up",
    "write",
]
