import { types } from 'node:util';

/** Bytes as they are stored: what kind of view they came from, and base64. Numbers are little-endian, as in memory. */
export interface StoredBytes {
  readonly as: string;
  readonly v: string;
}

type FromBuffer = (bytes: ArrayBuffer) => unknown;
type TypedArrayClass = new (bytes: ArrayBuffer) => ArrayBufferView;

const TYPED_ARRAYS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

const KINDS: ReadonlyMap<string, FromBuffer> = new Map<string, FromBuffer>([
  ['ArrayBuffer', bytes => bytes],
  ['Buffer', bytes => Buffer.from(bytes)],
  ['DataView', bytes => new DataView(bytes)],
  ...TYPED_ARRAYS.flatMap(name => {
    // Looked up by name: Float16Array does not exist in every supported version of Node.
    const View = (globalThis as unknown as Record<string, TypedArrayClass | undefined>)[name];
    return View ? [[name, bytes => new View(bytes)] as [string, FromBuffer]] : [];
  }),
]);

/** The bytes of a buffer or of a view (only what the view shows); `undefined` if the value is neither. */
export function storeBytes(value: object): StoredBytes | undefined {
  if (types.isArrayBuffer(value)) return { as: 'ArrayBuffer', v: Buffer.from(value).toString('base64') };
  if (!ArrayBuffer.isView(value)) return undefined;
  const as = Buffer.isBuffer(value) ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1);
  if (!KINDS.has(as)) return undefined;
  return { as, v: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

/** The view again, over bytes of its own; a text that says what is wrong if it cannot be made. */
export function restoreBytes(as: unknown, v: unknown): { readonly value: unknown } | string {
  const restore = typeof as === 'string' ? KINDS.get(as) : undefined;
  if (!restore) return 'a kind of bytes that this version of Node does not have';
  if (typeof v !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(v)) return 'bytes that are not base64';
  const decoded = Buffer.from(v, 'base64');
  const own = new ArrayBuffer(decoded.byteLength);
  decoded.copy(new Uint8Array(own));
  try {
    return { value: restore(own) };
  } catch {
    return `bytes that do not fill a whole ${String(as)}`;
  }
}
