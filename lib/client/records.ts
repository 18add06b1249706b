import { shownSignature, type JournalEntry } from '../engine/entry.js';
import { decodeSagaEnding } from '../engine/saga.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { InvocationRecord } from '../ports/store.js';
import type { InvocationInfo, JournalRecord } from './invocation-handle.js';

/** What people see of an invocation. */
export function toInfo(record: InvocationRecord, errors: ErrorCodec): InvocationInfo {
  const { id, service, handler, key, parentId, status, failedAttempts, deaths } = record;
  const { createdAt, dueAt, finishedAt } = record;
  const error = record.error === null ? null : errors.decode(record.error);
  return {
    id,
    service,
    handler,
    key,
    parentId,
    status,
    failedAttempts,
    deaths,
    worker: record.owner,
    createdAt,
    dueAt,
    finishedAt,
    error,
  };
}

/** What people see of an entry. */
export function toJournalRecord(entry: JournalEntry, codec: Codec, errors: ErrorCodec): JournalRecord {
  const { index, seq, epoch, durationMs, value } = entry;
  const { kind, name } = shownSignature(entry);
  const isOk = entry.outcome === 'ok' && kind !== 'saga';
  const error = kind === 'saga' ? (decodeSagaEnding(entry)?.error ?? null) : isOk ? null : value;
  return {
    index,
    kind,
    name,
    outcome: entry.outcome ?? 'open',
    value: isOk && value !== null ? codec.decode(value) : undefined,
    error: error === null ? null : errors.decode(error),
    failedTries: entry.tries,
    durationMs,
    seq,
    epoch,
  };
}
