// This package as the harness of ../shared/peer-bench sees a peer: a Nest application with a worker in the same process, or
// with one in a process of its own. Decorators are applied by hand: the harness is plain JavaScript.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';
import { REDIS, pgUrl } from './util.mjs';

/** Where the harness has its servers: what a peer of it is given of them. */
const STORES = {
  embedded: () => ({ embedded: { directory: mkdtempSync(join(tmpdir(), 'durable-bench-')) } }),
  postgres: ({ db, pool }) => ({ postgres: { url: pgUrl(db), poolSize: pool } }),
  redis: ({ db, pool }) => ({
    postgres: { url: pgUrl(db), poolSize: pool },
    redis: `redis://127.0.0.1:${REDIS.port}`,
  }),
};

/** The handlers of the harness; `hook` is told what they do. */
function handlers(hook) {
  class Bench {
    constructor(durable) {
      this.durable = durable;
    }

    async empty(i) {
      hook.begin(i);
      hook.end(i);
      return i;
    }

    async steps(i, n) {
      hook.begin(i);
      let value = 0;
      for (let s = 0; s < n; s++) {
        value = await this.durable.run('s', async () => value + 1);
        hook.step(i, s);
      }
      hook.end(i);
      return value;
    }

    async child(k) {
      return k;
    }

    async fan(i, n) {
      hook.begin(i);
      const children = Array.from({ length: n }, (_, k) => this.durable.call(Bench).child(k));
      const sum = (await Promise.all(children)).reduce((all, one) => all + one, 0);
      hook.end(i);
      return sum;
    }
  }
  for (const name of ['empty', 'steps', 'child', 'fan'])
    Handler()(Bench.prototype, name, Object.getOwnPropertyDescriptor(Bench.prototype, name));
  Reflect.defineMetadata('design:paramtypes', [DurableContext], Bench);
  DurableService()(Bench);
  return Bench;
}

async function application(options, Bench) {
  class Root {}
  Module({ imports: [DurableModule.forRoot(options)], providers: [Bench] })(Root);
  return NestFactory.createApplicationContext(Root, { logger: ['error'] });
}

/** What a peer file exports. `apart`: the worker is a process of its own, and nothing else works. */
export function peer({ name, store, apart = false, note }) {
  let app;
  let client;
  let worker;
  let Bench;
  return {
    info: {
      name,
      pkg: 'nestjs-durable',
      store: store === 'embedded' ? 'PGlite' : 'Postgres',
      kind: 'engine',
      note,
    },
    supports: ['empty', 'steps', 'fan'],
    async setup({ hook, ...bench }) {
      Bench = handlers(hook);
      const options = STORES[store](bench);
      const work = { concurrency: bench.concurrency };
      if (apart) worker = await startWorker({ ...options, worker: work });
      app = await application({ ...options, worker: apart ? false : work }, Bench);
      client = app.get(DurableClient);
    },
    start: (kind, i, n) => client.send(Bench)[kind](...argumentsOf(kind, i, n)),
    result: handle => handle.result(),
    call: (kind, i, n) => client.call(Bench)[kind](...argumentsOf(kind, i, n)),
    pids: () => (worker ? [worker.pid] : []),
    async teardown() {
      await app?.close();
      worker?.kill('SIGTERM');
    },
  };
}

/** The harness gives every handler two. */
const argumentsOf = (kind, i, n) => (kind === 'empty' ? [i] : [i, n]);

async function startWorker(options) {
  const child = fork(fileURLToPath(import.meta.url), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(options);
  await once(child, 'message');
  return child;
}

// As the process of a worker: nobody hears what its handlers do.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const nobody = { begin: () => undefined, end: () => undefined, step: () => undefined };
  const [options] = await once(process, 'message');
  const app = await application(options, handlers(nobody));
  app.enableShutdownHooks([], { useProcessExit: true });
  process.send('ready');
}
