/** What a transport is made of. */
export interface Transport {
  readonly title: string;
  readonly postgres: boolean;
  readonly redis: boolean;
  /** Worker processes beside the client's; 0: the client's process works too. */
  readonly workers: number;
}

/** What the workloads run on, in the order of the tables. */
export const TRANSPORTS = {
  embedded: { title: 'embedded', postgres: false, redis: false, workers: 0 },
  postgres: { title: 'PostgreSQL, one process', postgres: true, redis: false, workers: 0 },
  redis: { title: 'PostgreSQL + Redis, one process', postgres: true, redis: true, workers: 0 },
  'redis-2': {
    title: 'PostgreSQL + Redis, client and worker apart',
    postgres: true,
    redis: true,
    workers: 1,
  },
} as const satisfies Readonly<Record<string, Transport>>;

export type TransportName = keyof typeof TRANSPORTS;

export const TRANSPORT_NAMES = Object.keys(TRANSPORTS) as TransportName[];
