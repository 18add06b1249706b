import { setTimeout as sleep } from 'node:timers/promises';
import type { DirectDatabase } from './database.js';
import { describeStuck } from './stuck.js';

interface Row {
  readonly id: string;
  readonly state: string;
}

/** Epochs are left out: to be claimed over and over again is no progress. */
const UNFINISHED = `select i.id, concat_ws(' ', i.status, i.failed_attempts, i.wakes,
    (select count(*) || ' ' || count(e.outcome) from durable.entry e where e.invocation_id = i.id)) as state
  from durable.invocation i where i.finished_at is null`;
/** What they have recorded, and what became of those that they called or sent to: why nothing comes any more. */
const STORY = `select 'entry ' || e.index || ' ' || e.kind || ' "' || e.name || '" ' || coalesce(e.outcome, 'open')
    || coalesce(', delivered as ' || e.seq, '') || ', epoch ' || e.epoch as line
  from durable.entry e where e.invocation_id = $1
  union all
  select 'child of ' || coalesce(c.parent_index::text, 'none') || ' ' || c.id || ' ' || c.service || '.' || c.handler || ' is '
    || c.status || ', epoch ' || c.epoch || coalesce(', ' || left(c.error, 300), '')
  from durable.invocation c where c.parent_id = $1 order by line`;
const TOLD = 5;
const LOOK_MS = 2_000;

/** Finds invocations that are not over and stand still or are paused, while whatever it is told to goes on. */
export class Standstill {
  /** When each was first seen as it is. */
  private seen = new Map<string, { readonly state: string; readonly since: number }>();

  /**
   * @param limitMs longer than any invocation may stand still, on a busy machine and while its servers are away
   * @param seed of what is going on, to be told
   */
  constructor(
    private readonly database: DirectDatabase,
    private readonly limitMs: number,
    private readonly seed: number,
  ) {}

  /** Resolves or rejects as `work` does; rejects sooner if something stands still, and says what. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    over.catch(() => undefined);
    while (!isOver) {
      const still = await this.look();
      if (still.length > 0) throw new Error(await this.explain(still));
      await Promise.race([over, sleep(LOOK_MS, undefined, { ref: false })]);
    }
    return over;
  }

  private async explain(still: readonly string[]): Promise<string> {
    const stories = await Promise.all(
      still.slice(0, TOLD).map(async id => {
        const lines = await this.database.query<{ line: string }>(STORY, [id]);
        return [`  ${id}:`, ...lines.map(({ line }) => `    ${line}`)].join('\n');
      }),
    );
    const what = `Seed ${this.seed}: ${still.length} are paused or stood still for ${this.limitMs} ms.`;
    return [what, await describeStuck(this.database), 'Of these:', ...stories].join('\n');
  }

  /** Resolves once all are over: within {@link during}, it needs no limit of its own. */
  async none(): Promise<void> {
    while ((await this.database.query<Row>(UNFINISHED)).length > 0) await sleep(100);
  }

  /** Invocations that have stood still for too long. */
  private async look(): Promise<string[]> {
    const rows = await this.database.query<Row>(UNFINISHED).catch(() => undefined);
    // Without a server nothing can go on.
    if (!rows) {
      this.seen.clear();
      return [];
    }
    const now = performance.now();
    this.seen = new Map(
      rows.map(({ id, state }) => {
        const before = this.seen.get(id);
        return [id, before?.state === state ? before : { state, since: now }];
      }),
    );
    const isStuck = ({ state, since }: { state: string; since: number }): boolean =>
      state.startsWith('paused') || now - since > this.limitMs;
    return [...this.seen].filter(([, seen]) => isStuck(seen)).map(([id]) => id);
  }
}
