import { EntitySchema } from 'typeorm';

/** A row of the table `deadline`, for queries by people: when an invocation is to be over. It goes when that time comes. */
export interface DeadlineRow {
  invocationId: string;
  at: Date;
}

/** TypeORM entity of {@link DeadlineRow}; its schema is that of the data source. Read only, please. */
export const DeadlineEntity = new EntitySchema<DeadlineRow>({
  name: 'DurableDeadline',
  tableName: 'deadline',
  columns: {
    invocationId: {
      name: 'invocation_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'deadline_pkey',
    },
    at: { type: 'timestamptz' },
  },
});
