/**
 * Turns values into text for the store and back.
 *
 * `decode(encode(v))` gives an equal value with the same types. A value that cannot be represented is refused by
 * `encode` with an `UnserialisableValueError` that names its path; `encode` never calls it something else.
 * The text holds no NUL character and no lone surrogate.
 */
export interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}
