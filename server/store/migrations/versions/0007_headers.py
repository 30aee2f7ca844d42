"""What the headers of DICOM objects say, as DICOMweb searches for it; filled from the files when it is first asked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = {
    "sop_class_uid": 64,
    "modality": 16,
    "series_description": 64,
    "patient_id": 64,
    "issuer_of_patient_id": 64,
    "patient_name": 324,
    "patient_birth_date": 16,
    "patient_sex": 16,
    "study_date": 16,
    "study_time": 16,
    "study_id": 16,
    "study_description": 64,
    "accession_number": 16,
    "referring_physician_name": 324,
}
_SEARCHED = ("study_instance_uid", "series_instance_uid", "patient_id", "study_date", "accession_number")


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "header",
        sa.Column("sop_instance_uid", sa.String(length=64), primary_key=True),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        *(
            sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            for name, length in _TEXTS.items()
        ),
        sa.Column("series_number", sa.Integer(), nullable=True),
        sa.Column("instance_number", sa.Integer(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False, server_default=""),
    )
    for name in _SEARCHED:
        op.create_index(f"ix_header_{name}", "header", [name])
