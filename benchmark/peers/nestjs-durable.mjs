import { peer } from '../lib/nestjs-durable.mjs';

export const { info, supports, setup, start, result, call, pids, teardown } = peer({
  name: 'nestjs-durable',
  store: 'postgres',
  apart: false,
  note: 'client and worker in one process: born leased, no dispatch; journal and outcome in group commits',
});
