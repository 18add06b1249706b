/** Tokens of what the module provides. `Symbol.for`, so that both builds of the package agree. */
export const DURABLE_OPTIONS = Symbol.for('nestjs-durable.options');
export const DURABLE_BACKEND = Symbol.for('nestjs-durable.backend');
