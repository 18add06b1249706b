import { Cluster, type Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { SCRIPTS } from '../../lib/adapters/redis/scripts.js';
import { crc16, slotOf } from '../../lib/adapters/redis/slots.js';
import type { RedisTiming } from '../../lib/adapters/redis/timing.js';
import type { Transport } from '../../lib/ports/transport.js';
import { type RedisCluster, startRedisCluster } from '../../scripts/servers.mjs';
import { hints, transportContract } from '../contract/transport.contract.js';
import { ClusterNodes } from '../support/cluster.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { RedisTransports } from '../support/redis-transports.js';
import { until } from '../support/until.js';

let cluster: RedisCluster;
let nodes: ClusterNodes;
let transports: RedisTransports;

beforeAll(async () => {
  cluster = await startRedisCluster();
  nodes = new ClusterNodes(cluster);
}, 60_000);
afterAll(async () => {
  nodes.disconnect();
  await cluster.stop();
});

function open(): RedisTransports {
  return (transports = new RedisTransports(undefined, { cluster: cluster.addresses }));
}

transportContract('redis cluster', {
  open: () => open().open(),
  another: () => transports.open(),
  clean: async () => {
    await transports.clean(false);
    expect(transports.logger.warnings).toEqual([]);
    expect([await nodes.errors('CROSSSLOT'), await nodes.errors('MOVED')]).toEqual([0, 0]);
  },
  latenessMs: 1_000,
});

/** One service for each of the partitions. */
const SERVICES = Array.from({ length: 8 }, (_, partition) => {
  for (let n = 0; ; n += 1) if (crc16(`Service${n}`) % 8 === partition) return `Service${n}`;
});

/** As with the defaults, a few times faster. */
const FAST: Partial<RedisTiming> = {
  blockMs: 300,
  overdueMs: 1_000,
  answerMs: 1_000,
  connectMs: 1_000,
  reconnectMs: 200,
  heartbeatMs: 300,
  dueMs: 300,
};

describe('S11 the transport on a Redis Cluster', () => {
  beforeEach(() => void open());
  afterEach(() => transports.clean(false));

  const slotOfService = (service: string): number =>
    slotOf(`durable:{${transports.namespace}:${crc16(service) % 8}}:`);

  /** Announces to every service, until each has something that came after now. */
  async function reaches(transport: Transport, intake: RecordingIntake, services = SERVICES): Promise<void> {
    const waiting = new Set(services);
    const announced = new Map<string, string>();
    await until(
      'every service is reached',
      async () => {
        for (const service of waiting) {
          const [hint] = hints(1, service);
          announced.set(hint!.id, service);
          transport.ready([hint!]);
        }
        await new Promise(resolve => setTimeout(resolve, 20));
        for (const id of intake.ids) waiting.delete(announced.get(id) ?? '');
        return waiting.size === 0;
      },
      20_000,
    );
  }

  test('the keys of every script and of every command have one slot, which that node has', async () => {
    const seen = await Promise.all(nodes.all.map(redis => Watched.on(redis)));
    const transport = await transports.open({ timing: { rescueMs: 50, reapMs: 50, reapIdleMs: 50 } });
    const intake = new RecordingIntake(SERVICES);
    const consumer = await intake.on(transport);
    transport.ready(SERVICES.flatMap(service => hints(3, service)));
    transport.due(SERVICES.map(service => ({ ...hints(1, service)[0]!, dueInMs: 20 })));
    await until('all is there', () => intake.ids.length === 4 * SERVICES.length);
    const scripts = (): Set<string> =>
      new Set(seen.flatMap(({ calls }) => [...calls.values()].flatMap(scriptOf)));
    await until('every script has run', () => scripts().size === Object.keys(SCRIPTS).length);
    await consumer.stop();
    for (const watched of seen) watched.stop();
    const used = (await Promise.all(seen.map(watched => watched.slots()))).flat();
    expect(used.filter(({ slots }) => slots.size !== 1)).toEqual([]);
    expect(new Set(used.map(({ command }) => command))).toEqual(new Set(['eval', 'evalsha', 'xreadgroup']));
    expect(new Set(used.flatMap(({ slots }) => [...slots]))).toEqual(new Set(SERVICES.map(slotOfService)));
    expect([await nodes.errors('CROSSSLOT'), await nodes.errors('MOVED')]).toEqual([0, 0]);
  });

  test('services are spread over the nodes', async () => {
    const owners = await Promise.all(
      Array.from({ length: 20 }, (_, n) => nodes.ownerOf(slotOf(`durable:{spread-${n}:${n % 8}}:due`))),
    );
    expect(new Set(owners)).toEqual(new Set([0, 1, 2]));
    const partitions = new Set(Array.from({ length: 200 }, (_, n) => crc16(`OrderService${n}`) % 8));
    expect(partitions.size).toBe(8);
  });

  test('a slot that moves to another node is followed; nothing announced after it is lost', async () => {
    const transport = await transports.open({ timing: FAST });
    const intake = new RecordingIntake(SERVICES);
    await intake.on(transport);
    await reaches(transport, intake);
    const slot = slotOfService(SERVICES[3]!);
    const owner = await nodes.ownerOf(slot);
    await nodes.move(slot, (owner + 1) % 3);
    await reaches(transport, intake);
    await until('it works again', () => transport.health().connected);
    const after = hints(20, SERVICES[3]);
    transport.ready(after);
    await until('all are there', () => after.every(({ id }) => intake.ids.includes(id)));
    expect(transports.logger.errors).toEqual([]);
  });

  test("an application's Cluster is duplicated, never closed or connected; its keyPrefix is kept", async () => {
    const theirs = new Cluster([cluster.addresses[1]!, `redis://127.0.0.1:${cluster.nodes[2]!.port}`], {
      lazyConnect: true,
      keyPrefix: 'app:',
      redisOptions: { commandTimeout: 100 },
    });
    const transport = await transports.open({ redis: theirs });
    const intake = new RecordingIntake(SERVICES);
    await intake.on(transport);
    const heard: string[] = [];
    await transport.onNews('client', ids => heard.push(...ids));
    transport.ready(SERVICES.flatMap(service => hints(1, service)));
    transport.tell('client', ['a']);
    await until('all is there', () => intake.ids.length === 8 && heard.length === 1);
    expect(theirs.status).toBe('wait');
    const keys = (await Promise.all(nodes.all.map(redis => redis.keys(`*${transports.namespace}*`)))).flat();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).toMatch(/^app:durable:/);
    expect(transports.logger.warnings).toEqual([]);
  });

  test('a single node of a Cluster given as a server: it is said what to do', async () => {
    const transport = await transports.open({ redis: cluster.nodes[0]!.url });
    await until('it is said', () => transports.logger.warnings.length > 0);
    expect(transports.logger.warnings[0]).toMatch(/node of a Cluster.*cluster: \[/);
    transport.ready(SERVICES.flatMap(service => hints(1, service)));
    await transport.close();
  });

  test('nodes of which none answers fail nothing, and are asked until one does', async () => {
    await Promise.all(cluster.nodes.map(node => node.kill('SIGSTOP')));
    const transport = await transports.open({ timing: FAST });
    const intake = new RecordingIntake(SERVICES);
    await intake.on(transport);
    expect(transport.health()).toEqual({ kind: 'redis', connected: false });
    transport.ready(hints(1, SERVICES[0]));
    await Promise.all(cluster.nodes.map(node => node.kill('SIGCONT')));
    await until('it is connected', () => transport.health().connected, 20_000);
    await reaches(transport, intake);
  });

  test.each(['no', 'yes'])(
    'a master that dies stops its own services only, or all while the Cluster refuses: full coverage %s',
    async coverage => {
      await Promise.all(
        nodes.all.map(redis => redis.config('SET', 'cluster-require-full-coverage', coverage)),
      );
      const transport = await transports.open({ timing: FAST });
      const intake = new RecordingIntake(SERVICES);
      const heard: string[] = [];
      await intake.on(transport);
      await transport.onNews('client', ids => heard.push(...ids));
      await reaches(transport, intake);
      const dead = await nodes.ownerOf(slotOfService(SERVICES[0]!));
      const alive: string[] = [];
      for (const service of SERVICES) {
        if ((await nodes.ownerOf(slotOfService(service))) !== dead) alive.push(service);
      }
      await cluster.nodes[dead]!.kill();
      await until('that is noticed', () => !transport.health().connected);
      const other = nodes.all[(dead + 1) % 3]!;
      if (coverage === 'yes') {
        await until(
          'the Cluster refuses',
          async () => String(await other.cluster('INFO')).includes('cluster_state:fail'),
          20_000,
        );
        for (const service of SERVICES) transport.ready(hints(1, service));
      } else {
        await reaches(transport, intake, alive);
        await until('results pass', () => {
          transport.tell('client', ['a']);
          return heard.length > 0;
        });
      }
      await cluster.nodes[dead]!.restart();
      await until(
        'it works again',
        async () => {
          for (const service of SERVICES) transport.ready(hints(1, service));
          await new Promise(resolve => setTimeout(resolve, 50));
          return transport.health().connected;
        },
        20_000,
      );
      await until('the worker was told', () => intake.losses > 0);
      await reaches(transport, intake);
      expect(transports.logger.errors).toEqual([]);
      // One line for each partition and each thing that does not work, not one for each try.
      expect(transports.logger.warnings.length).toBeLessThan(60);
    },
    60_000,
  );
});

/** Every command that a node was sent with a key of ours, the same ones once; those of a script with the script. */
class Watched {
  readonly calls = new Map<string, string[][]>();
  #last: string[][] = [];

  private constructor(
    private readonly redis: Redis,
    private readonly monitor: Redis,
  ) {}

  static async on(redis: Redis): Promise<Watched> {
    const monitor = await redis.monitor();
    const watched = new Watched(redis, monitor);
    monitor.on('monitor', (_time: string, args: string[], source: string) => watched.#note(args, source));
    return watched;
  }

  #note(args: string[], source: string): void {
    const text = args.join(' ');
    if (source === 'lua') this.#last.push(args);
    else if (text.includes(transports.namespace)) this.calls.set(text, (this.#last = [args]));
  }

  /** The slots of the keys of each, as the server tells which of its arguments are keys. */
  async slots(): Promise<{ command: string; slots: Set<number> }[]> {
    const keysOf = async (args: string[]): Promise<string[]> =>
      this.redis.call('COMMAND', 'GETKEYS', ...args).then(
        keys => keys as string[],
        () => [],
      );
    const found = [...this.calls.values()].map(async commands => {
      const keys = (await Promise.all(commands.map(keysOf))).flat();
      return { command: commands[0]![0]!.toLowerCase(), slots: new Set(keys.map(slotOf)) };
    });
    return Promise.all(found);
  }

  stop(): void {
    this.monitor.disconnect();
  }
}

/** The name of the script that a command runs: by its hash, or, when a node has it for the first time, by its text. */
function scriptOf([args = []]: readonly string[][]): string[] {
  const script = args[1]?.replaceAll('\\n', '\n');
  if (!/^eval/i.test(args[0] ?? '')) return [];
  const hash = (lua: string): string => createHash('sha1').update(lua).digest('hex');
  return Object.entries(SCRIPTS).flatMap(([name, { lua }]) =>
    script === lua || script === hash(lua) ? [name] : [],
  );
}
