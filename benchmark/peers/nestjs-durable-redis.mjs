import { peer } from '../lib/nestjs-durable.mjs';

export const { info, supports, setup, start, result, call, pids, teardown } = peer({
  name: 'nestjs-durable-redis',
  store: 'redis',
  apart: false,
  note: 'the same, with Redis for announcements',
});
