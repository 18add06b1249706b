/** Injection token of the checked options (`ResolvedOptions`). `Symbol.for`, so that both builds of the package agree. */
export const DURABLE_OPTIONS = Symbol.for('nestjs-durable.options');

/** Injection token of what clients and workers of one process share (`Backend`). */
export const DURABLE_BACKEND = Symbol.for('nestjs-durable.backend');
