import { EntitySchema } from 'typeorm';

/** A row of the table `schedule`, for queries by people: what starts invocations by the clock. */
export interface ScheduleRow {
  name: string;
  service: string;
  handler: string;
  kind: string;
  objectKey: string | null;
  input: string;
  cron: string | null;
  timeZone: string | null;
  everyMs: number | null;
  overlap: string;
  catchUp: string;
  /** Stands for the definition of a declared one; `null`: a client created it. */
  digest: string | null;
  revision: number;
  paused: boolean;
  nextAt: Date | null;
  lastAt: Date | null;
  lastInvocationId: string | null;
  lateByMs: number | null;
  skipped: number;
  createdAt: Date;
}

/** TypeORM entity of {@link ScheduleRow}; its schema is that of the data source. Read only, please. */
export const ScheduleEntity = new EntitySchema<ScheduleRow>({
  name: 'DurableSchedule',
  tableName: 'schedule',
  columns: {
    name: { type: 'text', primary: true, primaryKeyConstraintName: 'schedule_pkey' },
    service: { type: 'text' },
    handler: { type: 'text' },
    kind: { type: 'text' },
    objectKey: { name: 'object_key', type: 'text', nullable: true },
    input: { type: 'text' },
    cron: { type: 'text', nullable: true },
    timeZone: { name: 'time_zone', type: 'text', nullable: true },
    everyMs: { name: 'every_ms', type: 'float8', nullable: true },
    overlap: { type: 'text' },
    catchUp: { name: 'catch_up', type: 'text' },
    digest: { type: 'uuid', nullable: true },
    revision: { type: 'int', default: 1 },
    paused: { type: 'boolean', default: false },
    nextAt: { name: 'next_at', type: 'timestamptz', nullable: true },
    lastAt: { name: 'last_at', type: 'timestamptz', nullable: true },
    lastInvocationId: { name: 'last_invocation_id', type: 'uuid', nullable: true },
    lateByMs: { name: 'late_by_ms', type: 'float8', nullable: true },
    skipped: { type: 'int', default: 0 },
    createdAt: { name: 'created_at', type: 'timestamptz', default: () => 'now()' },
  },
});
