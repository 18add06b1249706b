/**
 * Turns values into text for the store and back.
 *
 * `decode(encode(v))` gives an equal value with the same types. A value that cannot be represented is refused by
 * `encode` with an `UnserialisableValueError` that names its path; one that is too large, with a
 * `PayloadTooLargeError`. The text holds no NUL character and no lone surrogate.
 */
export interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}

/** Turns whatever was thrown into text and back into an error of the same class, where that is known. Never throws. */
export interface ErrorCodec {
  encode(error: unknown): string;
  decode(text: string): Error;
}
