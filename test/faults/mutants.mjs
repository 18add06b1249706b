/**
 * Deliberate breaks of the mechanism, each with the tests that must go red on it: otherwise a green run says nothing.
 *
 * The first seven are those of RELIABILITY.md; the others break the order of replay, the ids of children,
 * the exclusivity of objects, and timers.
 *
 * @type {{ name: string, breaks: string, file: string, from: string, to: string, tests: string[], pattern?: string }[]}
 *   `from` must be in the file exactly once; `pattern` picks tests by their names.
 */
export const MUTANTS = [
  {
    name: 'fence-without-lock',
    breaks: 'P4: the fence is a predicate only, without the row lock',
    file: 'lib/adapters/typeorm/sql/fence.ts',
    from: 'order by id for no key update)`',
    to: 'order by id)`',
    tests: ['test/contract/fence.spec.ts'],
  },
  {
    name: 'process-clock',
    breaks: 'P6: leases are judged by the clock of the process',
    file: 'lib/adapters/typeorm/reaper.ts',
    from: 'this.sql.reapFind, [limit]',
    to: "this.sql.reapFind.replaceAll('now()', `to_timestamp(${Date.now() / 1000})`), [limit]",
    tests: ['test/contract/clock.spec.ts'],
  },
  {
    name: 'trimmed-stream',
    breaks: 'P8: the ready stream is trimmed at 100 messages, whoever has not read them',
    file: 'lib/adapters/redis/scripts.ts',
    from: 'const STREAM_LENGTH = 1_000_000;',
    to: 'const STREAM_LENGTH = 100;',
    tests: ['test/integration/redis-transport.spec.ts'],
    pattern: 'each of 10,000 ids',
  },
  {
    name: 'no-sweep',
    breaks: 'P8: nobody looks for what is due and was never announced',
    file: 'lib/runtime/sweep.ts',
    from: 'if (limit === 0) return;',
    to: 'if (limit >= 0) return;',
    tests: ['test/faults/redis-loss.spec.ts'],
  },
  {
    name: 'deaths-after-failures',
    breaks: 'P9: a death counts only for what has failed before, so that what kills its worker never has one',
    file: 'lib/adapters/typeorm/sql/reap-take.ts',
    from: 'then 1 else i.deaths + 1 end as deaths',
    to: 'then 0 else i.deaths + least(i.failed_attempts, 1) end as deaths',
    tests: ['test/contract/postgres.store.spec.ts'],
    pattern: 'an invocation that kills its workers',
  },
  {
    name: 'feed-by-id',
    breaks: 'P1: what is due is read by id, past the newest that was claimed',
    file: 'lib/adapters/typeorm/sql/claim-due.ts',
    from: 'where service = ($1::text[])[${at + 1}] and ${isDue}',
    to: 'where service = ($1::text[])[${at + 1}] and ${isDue}\n    and not exists (select from ${t.invocation} newer where newer.id > ${t.invocation}.id and newer.epoch > 0)',
    tests: ['test/integration/late-commits.spec.ts'],
  },
  {
    name: 'return-before-commit',
    breaks: 'P1: send() resolves before its commit',
    file: 'lib/runtime/writer.ts',
    from: "lane.push({ kind: 'accept', write, deadline, joined, done: { resolve, reject } }),",
    to: "(resolve('ok'), lane.push({ kind: 'accept', write, deadline, joined, done: { resolve, reject } })),",
    tests: ['test/faults/lost-answers.spec.ts', 'test/runtime/writer.spec.ts'],
  },
  {
    name: 'replay-by-index',
    breaks: 'P10: replay delivers in the order of the calls, not in the recorded one',
    file: 'lib/engine/replay.ts',
    from: 'Number(one.seq) - Number(other.seq)',
    to: 'one.index - other.index',
    tests: ['test/runtime/replay-programs.spec.ts'],
  },
  {
    name: 'fresh-child-ids',
    breaks: 'P2: the id of a child does not follow from its parent, so that a replay asks for another one',
    file: 'lib/codec/identity.ts',
    from: 'return v5(`${parentId}/${index}`, CHILD);',
    to: 'return v5(`${parentId}/${index}/${Math.random()}`, CHILD);',
    tests: ['test/faults/random-programs.spec.ts'],
  },
  {
    name: 'object-given-twice',
    breaks: 'P4: an object is given to whoever comes next although somebody has it',
    file: 'lib/adapters/typeorm/sql/commit-objects.ts',
    from: 'case when o.holder is null and not o.waiting then',
    to: 'case when not o.waiting then',
    tests: ['test/contract/postgres.store.spec.ts'],
    pattern: 'object',
  },
  {
    name: 'early-timers',
    breaks: 'P6: what is due within a second is taken as due',
    file: 'lib/adapters/typeorm/sql/claim-due.ts',
    from: 'isDue = `due_at <= ${t.now} - $2',
    to: "isDue = `due_at <= ${t.now} + interval '1 second' - $2",
    tests: ['test/contract/clock.spec.ts', 'test/contract/postgres.store.spec.ts'],
  },
];
