"""What questions became: conversations, ratings, words of the house, remembered readings, weekly answers"""

import sqlalchemy as sa
from alembic import op

from crm_api.core import columns, dialect

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('house_words',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('phrase', sa.Text(), nullable=False),
    sa.Column('stems', sa.Text(), nullable=False),
    sa.Column('means', sa.Text(), nullable=False),
    sa.Column('added_at', columns.UTCDateTime(), nullable=False),
    sa.Column('added_by', columns.GUID(), nullable=True),
    sa.ForeignKeyConstraint(['added_by'], ['users.id'], name=op.f('fk_house_words_added_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_house_words')),
    sa.UniqueConstraint('stems', name=op.f('uq_house_words_stems'))
    )
    op.create_table('remembered_choices',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('user_id', columns.GUID(), nullable=False),
    sa.Column('asked', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_remembered_choices_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_remembered_choices')),
    sa.UniqueConstraint('user_id', 'asked', name=op.f('uq_remembered_choices_user_id_asked'))
    )
    op.create_table('weekly_answers',
    sa.Column('id', columns.GUID(), nullable=False),
    sa.Column('owner_id', columns.GUID(), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('plan', dialect.Json, nullable=False),
    sa.Column('weekday', sa.BigInteger(), nullable=False),
    sa.Column('next_on', sa.Date(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.CheckConstraint('weekday BETWEEN 1 AND 7', name=op.f('ck_weekly_answers_weekday')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_weekly_answers_owner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weekly_answers'))
    )
    with op.batch_alter_table('weekly_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_weekly_answers_next_on'), ['next_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_weekly_answers_owner_id'), ['owner_id'], unique=False)

    with op.batch_alter_table('asked_questions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('conversation_id', columns.GUID(), nullable=True))
        batch_op.add_column(sa.Column('unused', dialect.Json, nullable=True))
        batch_op.add_column(sa.Column('tokens', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('rating', sa.BigInteger(), nullable=True))
        batch_op.create_index('ix_asked_questions_conversation', ['conversation_id', 'asked_at'], unique=False)
        batch_op.create_index('ix_asked_questions_spent', ['asked_at', 'tokens'], unique=False)

    dialect.create_objects(op.get_bind())
