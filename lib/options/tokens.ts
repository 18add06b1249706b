/** Injection token of the checked options (`ResolvedOptions`). `Symbol.for`, so that both builds of the package agree. */
export const DURABLE_OPTIONS = Symbol.for('nestjs-durable.options');

/** Injection token of what a test puts in place of the world (`TestSeam`); nothing provides it elsewhere. */
export const DURABLE_TEST_SEAM = Symbol.for('nestjs-durable.test-seam');

/** Injection token of what clients and workers of one process share (`Backend`). */
export const DURABLE_BACKEND = Symbol.for('nestjs-durable.backend');
