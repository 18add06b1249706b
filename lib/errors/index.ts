export * from './client.errors.js';
export * from './definition.errors.js';
export * from './durable-error.js';
export * from './execution.errors.js';
export * from './options.errors.js';
export * from './value.errors.js';
