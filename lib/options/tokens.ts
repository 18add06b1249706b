/** Injection token of the checked options (`ResolvedOptions`). `Symbol.for`, so that both builds of the package agree. */
export const DURABLE_OPTIONS = Symbol.for('nestjs-durable.options');
