import { EntitySchema } from 'typeorm';
import type { InvocationStatus } from '../../engine/status.js';

/** A row of the table `invocation`, for queries by people. The library reads and writes it by its own statements. */
export interface InvocationRow {
  id: string;
  service: string;
  handler: string;
  status: InvocationStatus;
  /** Raised whenever somebody takes or loses the lease. */
  epoch: number;
  /** Worker that drives it, while it is `running`. */
  owner: string | null;
  /** Anybody may claim it from then on; `null` while it is not waiting for a time. */
  dueAt: Date | null;
  failedAttempts: number;
  deaths: number;
  /** Settled entries at the last death: more of them later are progress. */
  settledAtDeath: number;
  /** Index of the entry whose recorded failure ended it. */
  failedEntry: number | null;
  origin: string;
  input: string;
  output: string | null;
  error: string | null;
  createdAt: Date;
  claimedAt: Date | null;
  finishedAt: Date | null;
}

/** TypeORM entity of {@link InvocationRow}; its schema is that of the data source. Read only, please. */
export const InvocationEntity = new EntitySchema<InvocationRow>({
  name: 'DurableInvocation',
  tableName: 'invocation',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'invocation_pkey' },
    service: { type: 'text' },
    handler: { type: 'text' },
    status: { type: 'text' },
    epoch: { type: 'int' },
    owner: { type: 'text', nullable: true },
    dueAt: { name: 'due_at', type: 'timestamptz', nullable: true },
    failedAttempts: { name: 'failed_attempts', type: 'int', default: 0 },
    deaths: { type: 'int', default: 0 },
    settledAtDeath: { name: 'settled_at_death', type: 'int', default: 0 },
    failedEntry: { name: 'failed_entry', type: 'int', nullable: true },
    origin: { type: 'text' },
    input: { type: 'text' },
    output: { type: 'text', nullable: true },
    error: { type: 'text', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' },
    claimedAt: { name: 'claimed_at', type: 'timestamptz', nullable: true },
    finishedAt: { name: 'finished_at', type: 'timestamptz', nullable: true },
  },
});
