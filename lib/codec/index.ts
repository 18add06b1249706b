export { checkedCodec } from './checked-codec.js';
export type { ClassRegistration, RegisteredClass, ValueClass } from './class-registry.js';
export { DEFAULT_MAX_ERROR_BYTES, RecordErrorCodec } from './error-codec.js';
export { type ErrorClass, type ErrorHooks, ErrorRegistry, type RegisteredError } from './error-registry.js';
export { type HttpExceptionLike, registerHttpExceptions } from './http-exceptions.js';
export { JsonCodec, type JsonCodecOptions } from './json-codec.js';
export { checkPayload, limitPayload, type PayloadLimit } from './payload-limit.js';
