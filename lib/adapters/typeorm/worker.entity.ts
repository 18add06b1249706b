import { EntitySchema } from 'typeorm';

/** A row of the table `worker`, for queries by people: a worker that holds a lease. */
export interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  services: string[];
  startedAt: Date;
  leaseUntil: Date;
  /** Schedules that its code declares, with the digests of their definitions. */
  schedules: Record<string, string>;
}

/** TypeORM entity of {@link WorkerRow}; its schema is that of the data source. Read only, please. */
export const WorkerEntity = new EntitySchema<WorkerRow>({
  name: 'DurableWorker',
  tableName: 'worker',
  columns: {
    id: { type: 'text', primary: true, primaryKeyConstraintName: 'worker_pkey' },
    host: { type: 'text' },
    pid: { type: 'int' },
    services: { type: 'text', array: true },
    startedAt: { name: 'started_at', type: 'timestamptz', default: () => 'now()' },
    leaseUntil: { name: 'lease_until', type: 'timestamptz' },
    schedules: { type: 'jsonb', default: {} },
  },
});
