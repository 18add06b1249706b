import { createHash, randomBytes } from 'node:crypto';
import { parse, stringify } from 'uuid';
import { AwakeableNotFoundError } from '../errors/index.js';
import type { EntryRef } from '../ports/writes.js';

/** What an id of an awakeable says: the entry that it settles, and the secret that proves it. */
export interface AwakeableRef {
  readonly entry: EntryRef;
  readonly token: string;
}

const PREFIX = 'awk_';
const SCOPE_BYTES = 4;
const UUID_BYTES = 16;
const INDEX_BYTES = 4;
const TOKEN_BYTES = 16;
const BYTES = SCOPE_BYTES + UUID_BYTES + INDEX_BYTES + TOKEN_BYTES;
/** Of bounded length, so that no text takes long to refuse. */
const FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${Math.ceil((BYTES * 8) / 6)}}$`);

/** A secret that nobody guesses: 22 characters. */
export function freshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * The id by which an awakeable is completed from outside: 58 characters that are safe in URLs, headers and mails.
 * @param scope names the database, as `namespace/schema`, so that an id does not settle something elsewhere
 */
export function awakeableId(scope: string, { invocationId, index }: EntryRef, token: string): string {
  const place = Buffer.alloc(INDEX_BYTES);
  place.writeUInt32BE(index);
  const parts = [mark(scope), parse(invocationId), place, Buffer.from(token, 'base64url')];
  return PREFIX + Buffer.concat(parts).toString('base64url');
}

/**
 * What an id of {@link awakeableId} says.
 * @throws AwakeableNotFoundError (DURABLE_AWAKEABLE_NOT_FOUND) for anything else, and for an id of another scope
 */
export function parseAwakeableId(scope: string, id: unknown): AwakeableRef {
  const shown = typeof id === 'string' ? id : String(typeof id);
  if (typeof id !== 'string' || !FORM.test(id))
    throw new AwakeableNotFoundError(shown, 'it is no id of an awakeable');
  const bytes = Buffer.from(id.slice(PREFIX.length), 'base64url');
  // The last character has bits to spare: one id has one text.
  if (PREFIX + bytes.toString('base64url') !== id)
    throw new AwakeableNotFoundError(id, 'it is no id of an awakeable');
  if (!bytes.subarray(0, SCOPE_BYTES).equals(mark(scope)))
    throw new AwakeableNotFoundError(id, 'it belongs to another database');
  const uuid = bytes.subarray(SCOPE_BYTES, SCOPE_BYTES + UUID_BYTES);
  const index = bytes.readUInt32BE(SCOPE_BYTES + UUID_BYTES);
  return {
    entry: { invocationId: textOf(uuid, id), index },
    token: bytes.subarray(-TOKEN_BYTES).toString('base64url'),
  };
}

function textOf(uuid: Uint8Array, id: string): string {
  try {
    return stringify(uuid);
  } catch {
    throw new AwakeableNotFoundError(id, 'it is no id of an awakeable');
  }
}

function mark(scope: string): Buffer {
  return createHash('sha256').update(scope).digest().subarray(0, SCOPE_BYTES);
}
