/** Injection token of the options of `DurableTestingModule`. */
export const TESTING_OPTIONS = Symbol.for('nestjs-durable.testing-options');
