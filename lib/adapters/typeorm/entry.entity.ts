import { EntitySchema } from 'typeorm';
import type { EntryKind, Outcome } from '../../engine/entry.js';

/** A row of the table `entry`, for queries by people: one record of a journal. */
export interface EntryRow {
  invocationId: string;
  index: number;
  kind: EntryKind;
  name: string;
  calledAfter: number;
  seq: number | null;
  outcome: Outcome | null;
  value: string | null;
  tries: number;
  dueAt: Date | null;
  /** Epoch under which it was last written. */
  epoch: number;
  durationMs: number | null;
  writtenAt: Date;
}

/** TypeORM entity of {@link EntryRow}; its schema is that of the data source. Read only, please. */
export const EntryEntity = new EntitySchema<EntryRow>({
  name: 'DurableEntry',
  tableName: 'entry',
  columns: {
    invocationId: {
      name: 'invocation_id',
      type: 'uuid',
      primary: true,
      primaryKeyConstraintName: 'entry_pkey',
    },
    index: { type: 'int', primary: true, primaryKeyConstraintName: 'entry_pkey' },
    kind: { type: 'text' },
    name: { type: 'text' },
    calledAfter: { name: 'called_after', type: 'int' },
    seq: { type: 'int', nullable: true },
    outcome: { type: 'text', nullable: true },
    value: { type: 'text', nullable: true },
    tries: { type: 'int' },
    dueAt: { name: 'due_at', type: 'timestamptz', nullable: true },
    epoch: { type: 'int' },
    durationMs: { name: 'duration_ms', type: 'int', nullable: true },
    writtenAt: { name: 'written_at', type: 'timestamptz', default: () => 'now()' },
  },
});
