import { Cluster, Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { JsonCodec } from '../../../lib/codec/index.js';
import { DEFAULT_HANDLER_RETRY, DEFAULT_STEP_RETRY } from '../../../lib/engine/retry-policy.js';
import { InvalidDurationError, InvalidOptionError } from '../../../lib/errors/index.js';
import type { DurableModuleOptions } from '../../../lib/options/index.js';
import { resolveOptions } from '../../../lib/options/resolve-options.js';

const POSTGRES = 'postgres://app:hunter2@db:5432/shop';

describe('the options of the module', () => {
  it('all have defaults', () => {
    const defaults = {
      storage: { kind: 'embedded', directory: '.durable' },
      redis: undefined,
      schema: 'durable',
      namespace: 'default',
      worker: {
        concurrency: 100,
        drainMs: 20_000,
        leaseMs: 15_000,
        sweepMs: 1_000,
        residentMs: 5_000,
        onUnjournaledAwait: 'warn',
        maxDeaths: 3,
      },
      writers: 1,
      steps: { retry: DEFAULT_STEP_RETRY, timeoutMs: undefined },
      handlers: { retry: DEFAULT_HANDLER_RETRY, timeoutMs: undefined },
      limits: { payload: 1_048_576, journal: 20_000 },
      retentionMs: 30 * 86_400_000,
      connectTimeoutMs: 30_000,
      classes: [],
      errors: [],
      codec: undefined,
    };
    expect(resolveOptions()).toEqual(defaults);
    expect(resolveOptions({})).toEqual(defaults);
    const unset = Object.fromEntries(
      Object.keys(defaults).map(key => [key === 'storage' ? 'postgres' : key.replace(/Ms$/, ''), undefined]),
    );
    delete unset.connectTimeout;
    expect(resolveOptions(unset)).toEqual(defaults);
  });

  it('are taken', () => {
    const codec = new JsonCodec();
    class OwnError extends Error {}
    const resolved = resolveOptions({
      postgres: {
        host: 'db',
        port: 6432,
        username: 'app',
        password: () => 'secret',
        ssl: { rejectUnauthorized: false },
        poolSize: 5,
      },
      redis: { host: 'cache', db: 2 },
      schema: 'own_schema',
      namespace: 'shop-1',
      worker: { concurrency: 5, drainTimeout: 0, lease: '1s', sweepInterval: '100ms', maxDeaths: 1 },
      writers: 2,
      steps: {
        retry: { maxAttempts: Infinity, backoff: 'fixed', nonRetryable: [OwnError, 'E_X'] },
        timeout: '5s',
      },
      handlers: { retry: { maxAttempts: 1 }, timeout: false },
      limits: { payload: 2_048 },
      retention: { after: false },
      connectTimeout: '5s',
      errors: [OwnError],
      codec,
    });
    expect(resolved).toMatchObject({
      storage: { kind: 'postgres', postgres: { host: 'db', port: 6432, username: 'app', poolSize: 5 } },
      redis: { host: 'cache', db: 2 },
      schema: 'own_schema',
      namespace: 'shop-1',
      worker: { concurrency: 5, drainMs: 0, leaseMs: 1_000, sweepMs: 100, maxDeaths: 1 },
      writers: 2,
      steps: { retry: { maxAttempts: Infinity, backoff: 'fixed', initialDelayMs: 500 }, timeoutMs: 5_000 },
      handlers: { retry: { ...DEFAULT_HANDLER_RETRY, maxAttempts: 1 }, timeoutMs: undefined },
      limits: { payload: 2_048 },
      retentionMs: undefined,
      connectTimeoutMs: 5_000,
      errors: [OwnError],
      codec,
    });
    expect(resolved.steps.retry.nonRetryable).toEqual([OwnError, 'E_X']);
  });

  it('may turn the worker off and on', () => {
    expect(resolveOptions({ worker: false }).worker).toBeUndefined();
    expect(resolveOptions({ worker: true }).worker).toEqual(resolveOptions().worker);
  });

  it('may hand over what the application has', () => {
    const dataSource = new DataSource({ type: 'postgres' });
    const redis = new Redis({ lazyConnect: true });
    const resolved = resolveOptions({ postgres: dataSource, redis });
    expect(resolved.storage).toEqual({ kind: 'postgres', postgres: dataSource });
    expect(resolved.redis).toBe(redis);
    redis.disconnect();
  });

  it('may name the nodes of a Cluster, with what is the same for every node, or hand one over', () => {
    const given = { cluster: [{ host: 'a' }, { host: 'b', port: 7001 }], password: 'secret' };
    expect(resolveOptions({ postgres: POSTGRES, redis: given }).redis).toEqual({
      cluster: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7001 },
      ],
      password: 'secret',
    });
    const redis = new Cluster([{ host: 'a' }], { lazyConnect: true });
    expect(resolveOptions({ postgres: POSTGRES, redis }).redis).toBe(redis);
  });

  it('may keep the embedded database anywhere', () => {
    expect(resolveOptions({ embedded: { directory: '/tmp/x' } }).storage).toEqual({
      kind: 'embedded',
      directory: '/tmp/x',
    });
    expect(resolveOptions({ embedded: { directory: false } }).storage).toEqual({
      kind: 'embedded',
      directory: false,
    });
  });

  it('are frozen, and do not follow what they came from', () => {
    const errors: never[] = [];
    const worker = { concurrency: 5 };
    const resolved = resolveOptions({ errors, worker, postgres: { host: 'db' }, steps: { timeout: 1 } });
    worker.concurrency = 6;
    errors.push(1 as never);
    expect(resolved.worker?.concurrency).toBe(5);
    expect(resolved.errors).toEqual([]);
    const parts = [
      resolved,
      resolved.worker,
      resolved.steps,
      resolved.steps.retry,
      resolved.storage,
      resolved.limits,
      resolved.errors,
    ];
    expect(parts.filter(part => !Object.isFrozen(part))).toEqual([]);
  });
});

const Mysql = Object.defineProperty({ isInitialized: false, driver: {} }, 'options', {
  value: { type: 'mysql' },
});
class NodeRedisClient {
  connect(): void {}
  quit(): void {}
}

/** A wrong value, the option that is named, and what the message says besides. */
const WRONG: readonly (readonly [unknown, string, RegExp])[] = [
  [null, 'options', /is null/],
  ['postgres://db', 'options', /is "postgres/],
  [[], 'options', /an array of 0/],
  [{ postgress: 1 }, 'postgress', /does not exist; did you mean "postgres"\?.*Allowed: postgres, redis/],
  [{ wroker: 1 }, 'wroker', /did you mean "worker"\?/],
  [{ toString: 1 }, 'toString', /does not exist/],
  [{ something: 1 }, 'something', /does not exist\. Allowed/],
  [{ ['x'.repeat(500)]: 1 }, `${'x'.repeat(79)}…`, /does not exist\./],
  [{ postgres: '' }, 'postgres', /Allowed: postgres:\/\//],
  [{ postgres: null }, 'postgres', /is null/],
  [{ postgres: 5 }, 'postgres', /is 5.*a TypeORM DataSource/],
  [{ postgres: 'mysql://root:hunter2@db' }, 'postgres', /mysql:\/\/root:\*\*\*@db/],
  [{ postgres: Mysql }, 'postgres', /DataSource of type "mysql"/],
  [{ postgres: { hosst: 'db' } }, 'postgres.hosst', /did you mean "host"/],
  [{ postgres: { host: '' } }, 'postgres.host', /not empty/],
  [{ postgres: { port: '5432' } }, 'postgres.port', /1 to 65535/],
  [{ postgres: { port: 70_000 } }, 'postgres.port', /is 70000/],
  [{ postgres: { url: 'http://hunter2' } }, 'postgres.url', /postgres:\/\//],
  [{ postgres: { password: 5 } }, 'postgres.password', /is \*\*\*/],
  [{ postgres: { ssl: 'yes' } }, 'postgres.ssl', /true or false/],
  [{ postgres: { poolSize: 0 } }, 'postgres.poolSize', /1 to 1000/],
  [{ redis: 'redis://cache' }, 'redis', /without postgres.*Redis holds no truth/],
  [{ redis: { host: 'cache' }, embedded: {} }, 'redis', /without postgres/],
  [{ postgres: POSTGRES, redis: 'cache:6379' }, 'redis', /redis:\/\//],
  [{ postgres: POSTGRES, redis: 'http://:hunter2@cache' }, 'redis', /\*\*\*@cache/],
  [{ postgres: POSTGRES, redis: null }, 'redis', /is null/],
  [{ postgres: POSTGRES, redis: [] }, 'redis', /an array of 0/],
  [{ postgres: POSTGRES, redis: { cluster: [] } }, 'redis.cluster', /one node or more/],
  [{ postgres: POSTGRES, redis: { cluster: '10.0.0.1:7000' } }, 'redis.cluster', /one node or more/],
  [{ postgres: POSTGRES, redis: { cluster: ['10.0.0.1:7000'] } }, 'redis.cluster.0', /\{ host, port \}/],
  [{ postgres: POSTGRES, redis: { cluster: [{ port: 1 }] } }, 'redis.cluster.0.host', /a host name/],
  [{ postgres: POSTGRES, redis: { cluster: [{ host: 'a', port: 0 }] } }, 'redis.cluster.0.port', /65535/],
  [{ postgres: POSTGRES, redis: { cluster: [{ hots: 'a' }] } }, 'redis.cluster.0.hots', /"host"/],
  [{ postgres: POSTGRES, redis: true }, 'redis', /is true/],
  [{ postgres: POSTGRES, redis: new NodeRedisClient() }, 'redis', /another client/],
  [{ postgres: POSTGRES, embedded: {} }, 'embedded', /beside postgres/],
  [{ embedded: { dir: 'x' } }, 'embedded.dir', /Allowed: directory/],
  [{ embedded: { directory: '' } }, 'embedded.directory', /path of a directory/],
  [{ embedded: { directory: true } }, 'embedded.directory', /is true/],
  [{ embedded: 'x' }, 'embedded', /an object with directory/],
  [{ schema: '' }, 'schema', /1 to 63/],
  [{ schema: 'Durable' }, 'schema', /a-z/],
  [{ schema: 'pg_durable' }, 'schema', /not starting with/],
  [{ schema: 'a"; drop schema public; --' }, 'schema', /1 to 63/],
  [{ schema: 'a'.repeat(64) }, 'schema', /1 to 63/],
  [{ schema: 'a\n' }, 'schema', /1 to 63/],
  [{ namespace: '' }, 'namespace', /1 to 64/],
  [{ namespace: 'a{b}' }, 'namespace', /1 to 64/],
  [{ namespace: 'a:b' }, 'namespace', /1 to 64/],
  [{ namespace: 'a'.repeat(65) }, 'namespace', /1 to 64/],
  [{ worker: 'yes' }, 'worker', /true, false, or an object with concurrency/],
  [{ worker: null }, 'worker', /is null/],
  [{ worker: { concurency: 5 } }, 'worker.concurency', /did you mean "concurrency"/],
  [{ worker: { concurrency: 0 } }, 'worker.concurrency', /1 to 100000/],
  [{ worker: { concurrency: 1.5 } }, 'worker.concurrency', /is 1.5/],
  [{ worker: { drainTimeout: -1 } }, 'worker.drainTimeout', /is -1/],
  [{ worker: { lease: '50ms' } }, 'worker.lease', /from 100 ms/],
  [{ worker: { lease: '2d' } }, 'worker.lease', /to 1 day/],
  [{ worker: { sweepInterval: 0 } }, 'worker.sweepInterval', /from 10 ms/],
  [{ worker: { maxDeaths: 0 } }, 'worker.maxDeaths', /1 to 1000/],
  [{ writers: 0 }, 'writers', /1 to 64/],
  [{ writers: '2' }, 'writers', /is "2"/],
  [{ steps: { retries: 1 } }, 'steps.retries', /did you mean "retry"/],
  [{ steps: true }, 'steps', /an object with retry, timeout/],
  [{ steps: { timeout: 0 } }, 'steps.timeout', /from 1 ms/],
  [{ steps: { timeout: true } }, 'steps.timeout', /is true/],
  [{ steps: { retry: 5 } }, 'steps.retry', /an object with maxAttempts/],
  [{ steps: { retry: { maxAttempts: 0 } } }, 'steps.retry.maxAttempts', /or Infinity/],
  [{ steps: { retry: { maxAttempts: 2.5 } } }, 'steps.retry.maxAttempts', /is 2.5/],
  [{ steps: { retry: { backoff: 'random' } } }, 'steps.retry.backoff', /exponential, linear, fixed/],
  [{ steps: { retry: { backoff: 'toString' } } }, 'steps.retry.backoff', /exponential/],
  [{ steps: { retry: { initialDelay: 'x' } } }, 'steps.retry.initialDelay', /is "x"/],
  [
    { steps: { retry: { initialDelay: '5m' } } },
    'steps.retry.initialDelay',
    /longer than maxDelay \(60000 ms\)/,
  ],
  [{ steps: { retry: { maxDelay: -1 } } }, 'steps.retry.maxDelay', /is -1/],
  [{ steps: { retry: { factor: 0.5 } } }, 'steps.retry.factor', /from 1 to 100/],
  [{ steps: { retry: { factor: NaN } } }, 'steps.retry.factor', /is NaN/],
  [{ steps: { retry: { jitter: 1 } } }, 'steps.retry.jitter', /true or false/],
  [{ steps: { retry: { retryIf: true } } }, 'steps.retry.retryIf', /a function/],
  [{ steps: { retry: { nonRetryable: 'E_X' } } }, 'steps.retry.nonRetryable', /a list/],
  [{ steps: { retry: { nonRetryable: ['E_X', ''] } } }, 'steps.retry.nonRetryable[1]', /is ""/],
  [{ steps: { retry: { nonRetryable: [() => 1] } } }, 'steps.retry.nonRetryable[0]', /an error class/],
  [{ handlers: { retry: { delay: 1 } } }, 'handlers.retry.delay', /does not exist/],
  [{ limits: { payload: 1_023 } }, 'limits.payload', /1024 to 268435456/],
  [{ limits: { payload: '1mb' } }, 'limits.payload', /is "1mb"/],
  [{ limits: { size: 1 } }, 'limits.size', /Allowed: payload/],
  [{ limits: 5 }, 'limits', /an object with payload/],
  [{ retention: { after: true } }, 'retention.after', /is true/],
  [{ retention: { days: 3 } }, 'retention.days', /Allowed: after/],
  [{ retention: '30d' }, 'retention', /an object with after/],
  [{ connectTimeout: '10ms' }, 'connectTimeout', /from 1000 ms/],
  [{ classes: {} }, 'classes', /a list/],
  [{ errors: Error }, 'errors', /a list/],
  [{ codec: null }, 'codec', /encode\(value\) and decode\(text\)/],
  [{ codec: { encode: () => '' } }, 'codec', /decode/],
  [{ codec: new JsonCodec(), classes: [] }, 'classes', /beside codec/],
];

describe('a wrong option', () => {
  it.each(WRONG.map(([value, option, message]) => ({ value, option, message })))(
    'is named, with what is allowed: $option, $message',
    ({ value, option, message }) => {
      const resolve = (): unknown => resolveOptions(value as DurableModuleOptions);
      expect(resolve).toThrow(InvalidOptionError);
      expect(resolve).toThrow(expect.objectContaining({ option }) as Error);
      expect(resolve).toThrow(message);
      expect(resolve).not.toThrow(/hunter2@|:hunter2/);
    },
  );

  it('that is a duration is an error of its own kind', () => {
    expect(() => resolveOptions({ connectTimeout: 'soon' as never })).toThrow(InvalidDurationError);
  });
});
