"""Visits are found by their patient: a key for the same person, and words to search in."""

import msgspec
import sqlalchemy as sa
from alembic import op

from server.store.patients import patient_key, searchable
from station.protocol import Patient

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 500


def upgrade() -> None:
    """Bring the schema forward."""
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("patient_key", sa.String(length=160), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("searched", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index("ix_visit_patient_key", ["patient_key"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    visit = sa.table(
        "visit",
        *(sa.column(name) for name in ("study_instance_uid", "patient", "patient_key", "searched")),
    )
    change = (
        visit.update()
        .where(visit.c.study_instance_uid == sa.bindparam("study"))
        .values(patient_key=sa.bindparam("found_key"), searched=sa.bindparam("found_words"))
    )
    rows = connection.execute(sa.select(visit.c.study_instance_uid, visit.c.patient)).all()
    for start in range(0, len(rows), _BATCH):
        patients = [
            (study, msgspec.json.decode(text, type=Patient)) for study, text in rows[start : start + _BATCH]
        ]
        connection.execute(
            change,
            [
                {"study": study, "found_key": patient_key(one), "found_words": searchable(one)}
                for study, one in patients
            ],
        )
