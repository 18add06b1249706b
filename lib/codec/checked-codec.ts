import { UnserialisableValueError } from '../errors/value.errors.js';
import type { Codec } from '../ports/codec.js';

const LONE_SURROGATE = /\p{Cs}/u;

/**
 * A codec of an application that is held to its contract: what a database cannot take is refused at the call, and gets
 * into no batch with the writes of others.
 */
export function checkedCodec(codec: Codec): Codec {
  return { encode: value => checkText(codec.encode(value)), decode: text => codec.decode(text) };
}

function checkText(text: unknown): string {
  if (typeof text !== 'string') throw refusal(`a value of the type ${typeof text}`);
  if (text.includes('\0')) throw refusal('a text with NUL');
  if (LONE_SURROGATE.test(text)) throw refusal('a text with a lone surrogate');
  return text;
}

function refusal(what: string): UnserialisableValueError {
  return new UnserialisableValueError('$', `the codec of the application made ${what} of it`);
}
