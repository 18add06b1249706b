import { peer } from '../lib/nestjs-durable.mjs';

export const { info, supports, setup, start, result, call, pids, teardown } = peer({
  name: 'nestjs-durable-apart',
  store: 'redis',
  apart: true,
  note: 'client and worker are two processes: every invocation crosses Redis',
});
