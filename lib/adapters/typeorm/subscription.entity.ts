import { EntitySchema } from 'typeorm';

/** A row of the table `subscription`, for queries by people: an event that a worker has declared a handler for. */
export interface SubscriptionRow {
  workerId: string;
  /** Name of the event; `*`: of any. */
  event: string;
  service: string;
  handler: string;
  declaredAt: Date;
}

const PRIMARY = { primary: true, primaryKeyConstraintName: 'subscription_pkey' } as const;

/** TypeORM entity of {@link SubscriptionRow}; its schema is that of the data source. Read only, please. */
export const SubscriptionEntity = new EntitySchema<SubscriptionRow>({
  name: 'DurableSubscription',
  tableName: 'subscription',
  columns: {
    workerId: { name: 'worker_id', type: 'text', ...PRIMARY },
    event: { type: 'text', ...PRIMARY },
    service: { type: 'text', ...PRIMARY },
    handler: { type: 'text', ...PRIMARY },
    declaredAt: { name: 'declared_at', type: 'timestamptz', default: () => 'now()' },
  },
});
