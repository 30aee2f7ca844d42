"""Who has signed the measures of a visit, when, and what exactly."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "signature",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=324), nullable=False),
        sa.Column("organization", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.Float(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("document_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["study_instance_uid"], ["visit.study_instance_uid"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_signature_study_instance_uid", "signature", ["study_instance_uid"])
