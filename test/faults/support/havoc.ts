import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '../../../scripts/servers.mjs';
import { TcpProxy } from '../../support/tcp-proxy.js';
import type { SeededRandom } from './random.js';
import type { RedisPair } from './redis-pair.js';
import type { Scene } from './scene.js';
import type { Trial } from './trial.js';
import type { WorkerProcess } from './worker-process.js';

/** What is there to be broken, besides workers. */
export interface Targets {
  readonly scene: Scene;
  readonly leaseMs: number;
  readonly postgres?: PostgresServer;
  /** URL of Redis: each worker reaches it through a link of its own, which can be cut. */
  readonly redis?: string;
  /** What is behind that URL, if it may lose what it holds. */
  readonly pair?: RedisPair;
  /** Fault point at which every other worker that is killed dies, if it comes there soon. */
  readonly killAt?: string;
  /** Whether workers' clocks are wrong, and jump. */
  readonly clocks?: boolean;
}

interface Member {
  readonly worker: WorkerProcess;
  readonly link: TcpProxy | undefined;
}

type Fault = () => Promise<void>;
/** With the total that it adds to; none where the scene counts it. */
type Choice = readonly [total: string | undefined, fault: Fault];

/** How wrong a clock may be, in either direction. */
const SKEW_MS = 3_600_000;

/** How long a process is waited for that is to die at a named point. */
const AT_POINT_MS = 3_000;

/** Breaks workers and servers at random moments, one thing after the other; all is well again when it ends. */
export class Havoc {
  /** At all times as many. */
  readonly #fleet: Member[] = [];
  readonly #faults: readonly Choice[];
  #isOver = false;
  #kills = 0;
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>(resolve => (this.#end = resolve));
  /** What goes on while the next thing breaks. */
  readonly #healing: Promise<void>[] = [];
  /** What is still to come before everything comes again. */
  #bag: Choice[] = [];

  constructor(
    private readonly targets: Targets,
    private readonly trial: Trial,
    private readonly random: SeededRandom,
  ) {
    this.#faults = this.faults();
  }

  /** Those that work, at this moment. */
  get workers(): readonly WorkerProcess[] {
    return this.#fleet.map(({ worker }) => worker);
  }

  async start(workers: number): Promise<void> {
    this.#fleet.push(...(await Promise.all(Array.from({ length: workers }, () => this.startOne()))));
  }

  /** Goes on until {@link end}. @param pause how long one fault waits after another */
  async run(pause: () => Promise<unknown>): Promise<void> {
    for (;;) {
      await Promise.race([pause(), this.#ended]);
      if (this.#isOver) break;
      const [total, fault] = this.draw();
      await fault();
      if (total !== undefined) this.trial.total(total);
    }
    await Promise.all(this.#healing);
  }

  end(): void {
    this.#isOver = true;
    this.#end();
  }

  /** A while, of up to so many milliseconds. */
  async whileOf(mostMs: number): Promise<void> {
    await sleep(this.random.between(0, mostMs));
  }

  async close(): Promise<void> {
    await Promise.all(this.#fleet.map(async ({ link }) => link?.close()));
  }

  /** What can happen, by the names under which it is counted. Workers die and stop more often than anything else. */
  private faults(): Choice[] {
    const { postgres, redis, pair, clocks = false } = this.targets;
    const workers: Choice[] = [
      [undefined, () => this.kill()],
      [undefined, () => this.stop()],
    ];
    return [
      ...workers,
      ...workers,
      ...(redis === undefined ? [] : [['half-open links', () => this.cutLink()] as const]),
      ...(clocks ? [['clock jumps', () => this.jump()] as const] : []),
      ...(postgres === undefined ? [] : this.faultsOfPostgres(postgres)),
      ...(pair === undefined ? [] : this.lossesOfRedis(pair)),
    ];
  }

  private faultsOfPostgres(server: PostgresServer): Choice[] {
    return [
      ['PostgreSQL restarts', () => this.restart(server)],
      ['times all connections to PostgreSQL ended', () => this.endConnections()],
    ];
  }

  private lossesOfRedis(pair: RedisPair): Choice[] {
    const later = async (lose: Promise<() => Promise<void>>): Promise<void> => {
      const losing = await lose;
      await sleep(this.random.between(100, 1_500));
      await losing();
    };
    return [
      ['FLUSHALLs', () => pair.flush()],
      ['older AOFs restored', () => later(pair.backUp())],
      ['cut replicas promoted', () => later(pair.cut())],
    ];
  }

  /** All of them come once before any comes again. */
  private draw(): Choice {
    if (this.#bag.length === 0) this.#bag = [...this.#faults];
    const [drawn] = this.#bag.splice(this.random.between(0, this.#bag.length - 1), 1);
    if (!drawn) throw new Error('there is always something to break');
    return drawn;
  }

  private async startOne(): Promise<Member> {
    const { scene, redis, clocks = false } = this.targets;
    const link = redis === undefined ? undefined : await TcpProxy.to(Number(new URL(redis).port));
    const worker = await scene.start({
      ...(link && { redis: `redis://127.0.0.1:${link.port}` }),
      ...(clocks && { skewMs: this.skew() }),
    });
    return { worker, link };
  }

  private async kill(): Promise<void> {
    const at = this.random.between(0, this.#fleet.length - 1);
    const { worker, link } = this.#fleet[at] as Member;
    const { killAt } = this.targets;
    if (killAt !== undefined && this.#kills++ % 2 === 0) {
      // One that is stopped answers when it goes on, one that is killed never.
      worker.arm(killAt).catch(() => undefined);
      await Promise.race([worker.exited, sleep(AT_POINT_MS)]);
    }
    await worker.kill();
    await link?.close();
    this.#fleet[at] = await this.startOne();
  }

  /** For less or for longer than its lease. */
  private async stop(): Promise<void> {
    const { worker } = this.any();
    await worker.freeze();
    // One that was stopped already goes on when the first of the two ends.
    this.healAfter(this.targets.leaseMs / 4, this.targets.leaseMs * 2.5, () => worker.thaw());
  }

  /** Nothing arrives, and nobody learns of it. */
  private async cutLink(): Promise<void> {
    const { link } = this.any();
    if (link) link.mode = 'half-open';
    this.healAfter(200, 3_000, () => {
      if (link) link.mode = 'pass';
    });
  }

  /** One that is stopped does it when it goes on, one that is killed meanwhile never. */
  private async jump(): Promise<void> {
    const jumped = this.any().worker.ask({ do: 'jump', skewMs: this.skew() });
    this.#healing.push(jumped.then(() => undefined).catch(() => undefined));
  }

  private skew(): number {
    return this.random.between(-SKEW_MS, SKEW_MS);
  }

  private async restart(server: PostgresServer): Promise<void> {
    const how = (['SIGQUIT', 'SIGKILL', 'SIGINT'] as const)[this.random.between(0, 2)] ?? 'SIGINT';
    await server.kill(how);
    await sleep(this.random.between(0, 1_000));
    await server.restart();
  }

  private async endConnections(): Promise<void> {
    await this.targets.scene.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }

  private any(): Member {
    return this.#fleet[this.random.between(0, this.#fleet.length - 1)] as Member;
  }

  /** The next fault does not wait for it. */
  private healAfter(leastMs: number, mostMs: number, heal: () => void): void {
    this.#healing.push(sleep(this.random.between(leastMs, mostMs)).then(heal));
  }
}
