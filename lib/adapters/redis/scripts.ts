import type { ChainableCommander, Redis } from 'ioredis';

/**
 * Every Lua script of the transport. Their keys share a hash tag. Redis's own TIME is the only clock: durations
 * go in, durations come out.
 */

/** How many hints a stream holds at the most, roughly: older ones are left to the sweep of the store. */
const STREAM_LENGTH = 1_000_000;

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`;

/** KEYS: stream. ARGV: ids. */
const announce = `for i = 1, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'id', ARGV[i])
end
return #ARGV`;

/** KEYS: due set. ARGV: milliseconds from now, member, ... An earlier time that is known stays. */
const schedule = `${NOW}
local args = {}
for i = 1, #ARGV, 2 do
  args[i] = string.format('%.0f', now + ARGV[i])
  args[i + 1] = ARGV[i + 1]
end
return redis.call('ZADD', KEYS[1], 'LT', unpack(args))`;

/**
 * KEYS: due set, prefix of the ready streams. ARGV: how many at the most. Moves due members to their streams;
 * the number moved, and the milliseconds until the next is due (-1: none).
 */
const move = `${NOW}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  local gap = string.find(member, ' ', 1, true)
  if gap then
    local stream = KEYS[2] .. string.sub(member, 1, gap - 1)
    redis.call('XADD', stream, 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'id', string.sub(member, gap + 1))
  end
end
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not first[2] then return {#due, -1} end
return {#due, math.max(0, first[2] - now)}`;

/** KEYS: stream. ARGV: group, entry ids. Forgets entries that a worker took. */
const forget = `redis.call('XACK', KEYS[1], unpack(ARGV))
return redis.call('XDEL', KEYS[1], unpack(ARGV, 2))`;

/** KEYS: streams. ARGV: group. Creates the groups that are missing, from the first entry on. */
const group = `for _, stream in ipairs(KEYS) do
  local made = redis.pcall('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
end
return #KEYS`;

/**
 * KEYS: a stream. ARGV: group, consumer, idle milliseconds, cursor, count. Takes over what a dead consumer read;
 * the next cursor and the entries. A stream without a group has none.
 */
const rescue = `local got = redis.pcall('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
if got.err then
  if string.find(got.err, 'NOGROUP', 1, true) then return {'0-0', {}} end
  return got
end
return {got[1], got[2]}`;

/**
 * KEYS: streams. ARGV: group, then either a consumer's name or '', and idle milliseconds. Removes that consumer,
 * or all that were idle for so long, unless entries are pending: those would never be delivered again.
 */
const remove = `local removed = 0
for _, stream in ipairs(KEYS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, ARGV[1])
  if not consumers.err then
    for _, fields in ipairs(consumers) do
      local consumer = {}
      for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
      local meant = ARGV[2] == consumer.name or (ARGV[2] == '' and consumer.idle > tonumber(ARGV[3]))
      if meant and consumer.pending == 0 then
        redis.call('XGROUP', 'DELCONSUMER', stream, ARGV[1], consumer.name)
        removed = removed + 1
      end
    end
  end
end
return removed`;

/** Scripts by command name, with their number of keys where it is fixed. */
export const SCRIPTS = {
  durableAnnounce: { lua: announce, numberOfKeys: 1 },
  durableSchedule: { lua: schedule, numberOfKeys: 1 },
  durableMove: { lua: move, numberOfKeys: 2 },
  durableForget: { lua: forget, numberOfKeys: 1 },
  durableGroup: { lua: group },
  durableRescue: { lua: rescue, numberOfKeys: 1 },
  durableRemove: { lua: remove },
} as const;

interface Piped {
  durableAnnounce(stream: string, ...ids: string[]): Pipe;
  durableSchedule(due: string, ...timesAndMembers: (string | number)[]): Pipe;
  durableForget(stream: string, group: string, ...entries: string[]): Pipe;
}

/** A pipeline that knows the scripts. */
export type Pipe = ChainableCommander & Piped;

interface Scripted {
  pipeline(): Pipe;
  durableMove(due: string, readyPrefix: string, limit: number): Promise<[moved: number, nextInMs: number]>;
  durableGroup(keys: number, ...streamsAndGroup: string[]): Promise<number>;
  durableRescue(
    stream: string,
    group: string,
    consumer: string,
    idleMs: number,
    cursor: string,
    count: number,
  ): Promise<[cursor: string, entries: unknown]>;
  durableRemove(keys: number, ...streamsGroupConsumerAndIdle: (string | number)[]): Promise<number>;
}

/** A connection that knows the scripts. */
export type Client = Omit<Redis, 'pipeline'> & Scripted;

/** Teaches a connection the scripts. They are loaded into the server when they are first used. */
export function withScripts(redis: Redis): Client {
  for (const [name, definition] of Object.entries(SCRIPTS)) redis.defineCommand(name, definition);
  return redis as unknown as Client;
}
