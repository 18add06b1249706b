import { EntitySchema } from 'typeorm';

/** A row of the table `object`, for queries by people: a key that is in use. */
export interface ObjectRow {
  id: string;
  service: string;
  key: string;
  /** The last ticket that was given out. */
  tail: string;
  /** Invocation that has the object for itself. */
  holder: string | null;
  /** Whether others wait for it. */
  waiting: boolean;
}

/** TypeORM entity of {@link ObjectRow}; its schema is that of the data source. Read only, please. */
export const ObjectEntity = new EntitySchema<ObjectRow>({
  name: 'DurableObject',
  tableName: 'object',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'object_pkey' },
    service: { type: 'text' },
    key: { type: 'text' },
    tail: { type: 'bigint' },
    holder: { type: 'uuid', nullable: true },
    waiting: { type: 'boolean' },
  },
});

/** A row of the table `state`, for queries by people: a named value of an object, encoded. */
export interface StateRow {
  objectId: string;
  name: string;
  value: string;
  writtenAt: Date;
}

/** TypeORM entity of {@link StateRow}; its schema is that of the data source. Read only, please. */
export const StateEntity = new EntitySchema<StateRow>({
  name: 'DurableState',
  tableName: 'state',
  columns: {
    objectId: { name: 'object_id', type: 'uuid', primary: true, primaryKeyConstraintName: 'state_pkey' },
    name: { type: 'text', primary: true, primaryKeyConstraintName: 'state_pkey' },
    value: { type: 'text' },
    writtenAt: { name: 'written_at', type: 'timestamptz', default: () => 'now()' },
  },
});
