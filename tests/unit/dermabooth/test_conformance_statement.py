"""The conformance statement says what the program does."""

import pytest
from pydicom.uid import UID

from dermabooth.conformance import CREATED, PAGE, statement
from server.config.destinations import ObjectKind
from server.dicom.kinds import object_kind
from station.protocol import Light
from tests.fixtures.dicom_visits import objects_of

pytestmark = pytest.mark.unit


def test_the_page_is_made_from_the_tables_of_the_program() -> None:
    assert PAGE.read_text() == statement(), "run: python -m dermabooth.conformance"


def test_the_objects_of_a_visit_are_stated_with_their_transfer_syntaxes() -> None:
    for made in objects_of(Light.WHITE):
        _, syntaxes = CREATED[made.SOPClassUID]
        assert made.file_meta.TransferSyntaxUID in {UID(one) for one in syntaxes}
        assert object_kind(made) in ObjectKind
