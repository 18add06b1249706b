import { peer } from '../lib/nestjs-durable.mjs';

export const { info, supports, setup, start, result, call, pids, teardown } = peer({
  name: 'nestjs-durable-embedded',
  store: 'embedded',
  apart: false,
  note: 'PostgreSQL compiled to WebAssembly, on a directory: survives the process, is never synced to disk',
});
