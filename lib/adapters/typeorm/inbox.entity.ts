import { EntitySchema } from 'typeorm';

/** A row of the table `signal`, for queries by people: a signal that came to an invocation. */
export interface SignalRow {
  invocationId: string;
  id: string;
  /** Number of its arrival among those of its invocation. */
  number: number;
  name: string;
  value: string;
  /** Index of the entry that took it; `null`: it is buffered. */
  takenBy: number | null;
  createdAt: Date;
}

/** TypeORM entity of {@link SignalRow}; its schema is that of the data source. Read only, please. */
export const SignalEntity = new EntitySchema<SignalRow>({
  name: 'DurableSignal',
  tableName: 'signal',
  columns: {
    invocationId: {
      name: 'invocation_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'signal_pkey',
    },
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'signal_pkey' },
    number: { type: 'int' },
    name: { type: 'text' },
    value: { type: 'text' },
    takenBy: { name: 'taken_by', type: 'int', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz', default: () => 'now()' },
  },
});

/** A row of the table `attachment`, for queries by people: an entry that waits for the outcome of an invocation. */
export interface AttachmentRow {
  invocationId: string;
  waiterId: string;
  waiterIndex: number;
}

/** TypeORM entity of {@link AttachmentRow}; its schema is that of the data source. Read only, please. */
export const AttachmentEntity = new EntitySchema<AttachmentRow>({
  name: 'DurableAttachment',
  tableName: 'attachment',
  columns: {
    invocationId: {
      name: 'invocation_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'attachment_pkey',
    },
    waiterId: {
      name: 'waiter_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'attachment_pkey',
    },
    waiterIndex: {
      name: 'waiter_index',
      type: 'int',
      primary: true,
      primaryKeyConstraintName: 'attachment_pkey',
    },
  },
});
