"""What goes where: deliveries; what kind of object an instance is, and whether its file is still here."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = {"SEG": "segmentation", "SR": "report", "KO": "key_object", "DOC": "document"}


def upgrade() -> None:
    """Bring the schema forward."""
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=16), nullable=False, server_default="photo"))
        batch_op.add_column(sa.Column("released_at", sa.Float(), nullable=True))
    instance = sa.table("instance", sa.column("modality"), sa.column("kind"))
    for modality, kind in _KINDS.items():
        op.execute(instance.update().where(instance.c.modality == modality).values(kind=kind))
    _create_delivery()


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(length=32), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("worker", sa.String(length=96), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("next_step", sa.String(length=512), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("stored_at", sa.Float(), nullable=True),
        sa.Column("committed_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["sop_instance_uid"], ["instance.sop_instance_uid"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sop_instance_uid", "destination"),
    )
    op.create_index("delivery_to_do", "delivery", ["destination", "state", "study_instance_uid"])
    op.create_index("ix_delivery_study_instance_uid", "delivery", ["study_instance_uid"])
