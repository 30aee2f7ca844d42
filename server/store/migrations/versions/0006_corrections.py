"""What was corrected: corrections, what they withdrew, and the study that a corrected visit is told as."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    _add_columns()
    op.create_table(
        "correction",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("still_uid", sa.String(length=64), nullable=True),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.Float(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("study_before", sa.String(length=64), nullable=False),
        sa.Column("study_after", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("worker", sa.String(length=96), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("error", sa.String(length=512), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["study_instance_uid"], ["visit.study_instance_uid"]),
        sa.ForeignKeyConstraint(["still_uid"], ["still.sop_instance_uid"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_correction_study_instance_uid", "correction", ["study_instance_uid"])
    op.create_index("ix_correction_requested_at", "correction", ["requested_at"])
    op.create_index("correction_to_do", "correction", ["state", "study_before"])


def _add_columns() -> None:
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("study_now", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_visit_study_now", ["study_now"])
    with op.batch_alter_table("still", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rejected_by", sa.String(length=64), nullable=True))
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hidden_by", sa.String(length=64), nullable=True))
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", sa.Float(), nullable=True))
