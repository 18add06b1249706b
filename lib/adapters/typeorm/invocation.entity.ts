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
  /** Invocation that called it, or sent it. */
  parentId: string | null;
  /** Entry of the parent that its outcome settles; `null`: nobody waits for it. */
  parentIndex: number | null;
  /** Object that it is addressed to. */
  objectId: string | null;
  objectKey: string | null;
  /** Its place among those that have the object for themselves. */
  ticket: string | null;
  /** Arrivals from outside so far. */
  wakes: number;
  /** Whether others wait for its outcome that it does not know as its parent. */
  attached: boolean;
  /** Invocation whose random numbers it has: the one that it, or what it took the place of, took the place of. */
  seed: string | null;
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
    parentId: { name: 'parent_id', type: 'uuid', nullable: true },
    parentIndex: { name: 'parent_index', type: 'int', nullable: true },
    objectId: { name: 'object_id', type: 'uuid', nullable: true },
    objectKey: { name: 'object_key', type: 'text', nullable: true },
    ticket: { type: 'bigint', nullable: true },
    wakes: { type: 'int', default: 0 },
    attached: { type: 'boolean', default: false },
    seed: { type: 'uuid', nullable: true },
  },
});
