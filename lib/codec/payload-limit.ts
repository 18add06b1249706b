import { PayloadTooLargeError } from '../errors/value.errors.js';
import type { Codec } from '../ports/codec.js';

/** How large a payload may be, and how that is told. */
export interface PayloadLimit {
  /** In bytes of UTF-8. */
  readonly bytes: number;
  /** What is limited, for the message: `input of orders.checkout`. @default 'payload' */
  readonly what?: string;
  /** The option that sets the limit. @default 'limits.payload' */
  readonly option?: string;
}

/**
 * Gives back an encoded payload that is within its limit.
 * @throws PayloadTooLargeError if it is larger
 */
export function checkPayload(text: string, limit: PayloadLimit): string {
  // A character takes one byte at least and three at the most, so most texts need not be counted.
  if (text.length * 3 <= limit.bytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit.bytes) return text;
  throw new PayloadTooLargeError(
    bytes,
    limit.bytes,
    limit.what ?? 'payload',
    limit.option ?? 'limits.payload',
  );
}

/** A codec that refuses to encode what is larger than the limit. It decodes everything: limits may be lowered. */
export function limitPayload(codec: Codec, limit: PayloadLimit): Codec {
  return { encode: value => checkPayload(codec.encode(value), limit), decode: text => codec.decode(text) };
}
