/** Where the servers are: the same for the API and for the workers. `docker compose up -d` starts both. */
export const SERVERS = {
  postgres: process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  namespace: 'trips',
};
