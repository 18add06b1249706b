import { v5, v7 } from 'uuid';
import type { ObjectRef } from '../ports/writes.js';

/**
 * Namespaces of ids that are derived: from idempotency keys, from keys of objects, from the place of a call in its
 * parent, from events, from idempotency keys of signals, and from slots and definitions of schedules. They never change:
 * it would forget them all.
 */
const KEYED = '6f1d3f0e-8a34-5d0c-9b57-1d6e3c0f7a21';
const OBJECT = '3a03c2b9-0549-5739-a441-5b3da64b81a3';
const CHILD = 'd9818fa2-77b6-50b3-85fb-f92013234a7c';
const EVENT = '0c8e5bb1-7f0a-5f38-9d4d-63a1c7d2e914';
const SCHEDULED = '0c9c7b43-6d0f-5f0e-8d4e-5a0a4be1f8b7';
const DEFINITION = 'a1b7c9de-0f5e-5b7a-9a52-7c3f0e9d4b16';
const SIGNAL = 'b2c4e2d3-df32-56d0-a1f8-25c9da777583';

/** A fresh id; ids sort by the time of their making. */
export function freshId(): string {
  return v7();
}

/**
 * The id that an idempotency key stands for: the same key of the same handler, and of the same object, always gives
 * the same one, so that the primary key of the invocation is what makes it unique.
 */
export function keyedId(service: string, handler: string, key: string, objectKey?: string): string {
  // Neither names nor keys hold a NUL, so no two of them are written alike.
  const place = objectKey === undefined ? '' : `${objectKey}\0`;
  return v5(`${service}\0${handler}\0${place}${key}`, KEYED);
}

/** The object that a key stands for. Keys are told apart by their characters: none is normalised. */
export function objectRef(service: string, key: string): ObjectRef {
  return { id: v5(`${service}\0${key}`, OBJECT), key };
}

/** The id of the invocation that a handler asks for by its durable call `index`: the same on every replay. */
export function childId(parentId: string, index: number): string {
  return v5(`${parentId}/${index}`, CHILD);
}

/**
 * The id of the invocation that a handler has for an event: the same event always gives the same one, whoever publishes
 * it and however it is routed, so that the primary key is what makes it happen once.
 */
export function eventInvocationId(event: string, id: string, service: string, handler: string): string {
  return v5(`${event}\0${id}\0${service}\0${handler}`, EVENT);
}

/** The id of a signal that is sent under an idempotency key: the same name and key signal an invocation once. */
export function keyedSignalId(invocationId: string, name: string, key: string): string {
  return v5(`${invocationId}\0${name}\0${key}`, SIGNAL);
}

/** The id of the signal that an invocation is accepted with: it comes once, however often that is asked for. */
export function startSignalId(invocationId: string, name: string): string {
  return v5(`${invocationId}\0${name}`, SIGNAL);
}

/** The id of the invocation that a slot of a schedule starts: the primary key is what makes it one. */
export function slotId(schedule: string, slot: Date): string {
  return v5(`${schedule}\0${slot.toISOString()}`, SCHEDULED);
}

/** What stands for the definition of a schedule: another one has another. */
export function definitionDigest(definition: readonly (string | number | null)[]): string {
  return v5(JSON.stringify(definition), DEFINITION);
}
