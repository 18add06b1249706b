import { awakeableId, freshToken, parseAwakeableId } from '../../../lib/codec/awakeable-id.js';
import { freshId } from '../../../lib/codec/identity.js';
import { AwakeableNotFoundError } from '../../../lib/errors/index.js';

const SCOPE = 'durable/durable';
const reasonOf = (id: unknown, scope = SCOPE): string => {
  try {
    parseAwakeableId(scope, id);
  } catch (error) {
    if (error instanceof AwakeableNotFoundError) return error.message;
    throw error;
  }
  return 'it was taken';
};

describe('ids of awakeables', () => {
  const entry = { invocationId: freshId(), index: 7 };
  const token = freshToken();
  const id = awakeableId(SCOPE, entry, token);

  it('say which entry they settle, and its token', () => {
    for (const index of [0, 1, 255, 256, 65_536, 2 ** 32 - 1]) {
      const one = { entry: { invocationId: freshId(), index }, token: freshToken() };
      expect(parseAwakeableId(SCOPE, awakeableId(SCOPE, one.entry, one.token))).toEqual(one);
    }
    for (const invocationId of [
      '00000000-0000-5000-8000-000000000000',
      'ffffffff-ffff-7fff-bfff-ffffffffffff',
    ])
      expect(
        parseAwakeableId(SCOPE, awakeableId(SCOPE, { invocationId, index: 0 }, token)).entry.invocationId,
      ).toBe(invocationId);
  });

  it('are plain: they need no escape in a URL', () => {
    expect(id).toMatch(/^awk_[A-Za-z0-9_-]{54}$/);
  });

  it('differ in every part: database, invocation, entry and token', () => {
    const ids = ['durable/durable', 'durable/other', 'other/durable'].flatMap(scope =>
      [entry, { ...entry, invocationId: freshId() }, { ...entry, index: 8 }].flatMap(place =>
        [token, freshToken()].map(secret => awakeableId(scope, place, secret)),
      ),
    );
    expect(new Set(ids).size).toBe(18);
  });

  it('have tokens that are never alike', () => {
    const tokens = Array.from({ length: 10_000 }, freshToken);
    expect(new Set(tokens).size).toBe(10_000);
    expect(tokens.every(one => /^[A-Za-z0-9_-]{22}$/.test(one))).toBe(true);
  });

  it('of another database are refused, and said to be so', () => {
    expect(reasonOf(id, 'durable/other')).toContain('another database');
    expect(reasonOf(id, 'other/durable')).toContain('another database');
  });

  it('have one text only', () => {
    const last = id.slice(-1);
    const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
      c => c !== last,
    );
    const taken = others.filter(c => reasonOf(id.slice(0, -1) + c) === 'it was taken');
    // Two bits of it belong to the token, the others to nothing.
    expect(taken).toHaveLength(3);
    const tokens = taken.map(c => parseAwakeableId(SCOPE, id.slice(0, -1) + c).token);
    expect(new Set([...tokens, token]).size).toBe(4);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { id }],
    ['a list', [id]],
    ['a boxed text', Object(id)],
    ['a symbol', Symbol(id)],
    ['an empty text', ''],
    ['the id of an invocation', entry.invocationId],
    ['the prefix', 'awk_'],
    ['a shorter id', id.slice(0, -1)],
    ['a longer id', `${id}A`],
    ['a line behind it', `${id}\n`],
    ['a space before it', ` ${id}`],
    ['another prefix', id.replace('awk_', 'AWK_')],
    ['padding', `${id.slice(0, -1)}=`],
    ['the other alphabet', `awk_${'+/'.repeat(27)}`],
    ['NUL', `awk_${'\0'.repeat(54)}`],
    ['a lone surrogate', `awk_${'\ud800'.repeat(54)}`],
  ])('refuse %s', (_, garbage) => {
    expect(reasonOf(garbage)).toContain('no id of an awakeable');
  });

  it('refuse one whose invocation no invocation can have', () => {
    const bytes = Buffer.from(id.slice(4), 'base64url').fill(0xff, 4, 20);
    bytes[10] = 0x0f;
    expect(reasonOf(`awk_${bytes.toString('base64url')}`)).toContain('no id of an awakeable');
  });

  it('refuse a megabyte of anything at once', () => {
    for (const part of ['a', 'awk_', '\0', '😀']) {
      const text = `awk_${part.repeat(1_000_000)}`;
      const start = performance.now();
      expect(reasonOf(text)).toMatch(/^.{1,200}$/s);
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });
});
