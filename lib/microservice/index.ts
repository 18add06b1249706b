export { DurableServer, type DurableServerEvents } from './durable-server.js';
export { DurableClientProxy } from './durable-client-proxy.js';
export type { DurableClientProxyOptions } from './client-proxy-options.js';
export { DurableRecord, DurableRecordBuilder } from './durable-record.builder.js';
export type { DurablePattern } from './pattern.js';
export type { WorkerStatus } from '../execution/worker-host.js';
