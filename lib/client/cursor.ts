import { InvalidOptionError } from '../errors/index.js';
import type { InvocationRecord } from '../ports/store.js';

/** Whole milliseconds, not beyond what a database can read (some year before 10,000), and an id. */
const SHAPE = /^(\d{1,14}|2[0-4]\d{13})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The place behind an invocation in a list. */
export function cursorAfter({ createdAt, id }: InvocationRecord): string {
  return Buffer.from(`${createdAt.getTime()}_${id}`).toString('base64url');
}

/** @throws InvalidOptionError (DURABLE_INVALID_OPTION) for anything that {@link cursorAfter} did not give */
export function parseCursor(cursor: string): { createdAt: Date; id: string } {
  const [, millis, id] = SHAPE.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (!millis || !id)
    throw new InvalidOptionError(
      'list(): cursor',
      'is not one of list()',
      'the cursor of a page that list() gave',
    );
  return { createdAt: new Date(Number(millis)), id };
}
