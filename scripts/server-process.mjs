import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { noteServer, removeOwnedDirectory } from './owned-directories.mjs';
import { childrenOf, signalQuietly, startTime, waitUntil } from './processes.mjs';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** Servers of this process that may be running. */
const live = new Set();

// A process that ends without stopping its servers ends them here; a killed one leaves them to the next sweep.
process.once('exit', () => {
  for (const server of live) server.destroySync();
});

/**
 * One throwaway server: a program on a directory of its own and a free port of 127.0.0.1.
 *
 * The port stays the same over restarts, so that clients can come back.
 */
export class ServerProcess {
  #spec;
  #child;
  #port;

  /**
   * @param spec `directory` (owned, removed by `stop`), `dataDir`, `command`, `args(port)`, `url(port)`,
   *   `user` (`{ uid, gid }`, optional), `stopSignal`, and `isReady({ pid, port })`.
   */
  constructor(spec) {
    this.#spec = spec;
  }

  get url() {
    return this.#spec.url(this.#port);
  }

  get port() {
    return this.#port;
  }

  get pid() {
    return this.#child?.pid;
  }

  get dataDir() {
    return this.#spec.dataDir;
  }

  get logFile() {
    return join(this.#spec.directory, 'server.log');
  }

  get running() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it, on another port if the first is taken meanwhile. */
  async start() {
    const fixed = this.#port !== undefined;
    for (let attempt = 1; ; attempt += 1) {
      this.#port ??= await freePort();
      const problem = await this.#tryStart();
      if (problem === undefined) return;
      if (attempt === 8) throw new Error(`${this.#spec.command} did not start:\n${problem}`);
      if (!fixed) this.#port = undefined;
      await sleep(250);
    }
  }

  async #tryStart() {
    const { command, args, directory, dataDir, user, isReady } = this.#spec;
    const log = openSync(this.logFile, 'a');
    // Not the caller's directory: the server's user may have no right to enter it.
    const child = spawn(command, args(this.#port), {
      cwd: dataDir,
      stdio: ['ignore', log, log],
      detached: true,
      ...user,
    });
    closeSync(log);
    this.#child = child;
    let failure;
    child.on('error', error => (failure = error.message));
    child.unref();
    if (child.pid !== undefined) noteServer(directory, child.pid);
    live.add(this);
    const ended = () => failure !== undefined || !this.running;
    const where = { pid: child.pid, port: this.#port };
    const settled = await waitUntil(async () => ended() || (await isReady(where)), START_TIMEOUT_MS);
    if (settled && !ended()) return undefined;
    await this.#end('SIGKILL');
    return failure ?? readFileSync(this.logFile, 'utf8').split('\n').slice(-15).join('\n');
  }

  /**
   * Sends a signal. `SIGKILL`, `SIGSTOP` and `SIGCONT` go to the server and all its processes, as a lost or frozen
   * machine would have it; others to the server alone. Resolves once it has ended, or at once if the signal does not
   * end it.
   */
  async kill(signal = 'SIGKILL') {
    if (!this.running) return;
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
      for (const pid of this.#tree()) signalQuietly(pid, signal);
      return;
    }
    await this.#end(signal);
  }

  /** Stops it in an orderly way if it runs, and starts it again on the same data and port. */
  async restart() {
    await this.#shutDown();
    await this.start();
  }

  /** Ends it and removes its data. May be called more than once. */
  async stop() {
    await this.#shutDown();
    live.delete(this);
    await removeOwnedDirectory(this.#spec.directory);
  }

  destroySync() {
    if (this.running) for (const pid of this.#tree()) signalQuietly(pid, 'SIGKILL');
    rmSync(this.#spec.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async #shutDown() {
    if (!this.running) return;
    for (const pid of this.#tree()) signalQuietly(pid, 'SIGCONT');
    await this.#end(this.#spec.stopSignal);
  }

  #tree() {
    return [this.#child.pid, ...childrenOf(this.#child.pid)];
  }

  /** Until every process of the server is gone: they share memory and files with the next one. */
  async #end(signal) {
    if (this.#child.pid === undefined) return;
    const tree = this.running ? this.#tree() : [this.#child.pid];
    const gone = () => !this.running && tree.every(pid => startTime(pid) === undefined);
    for (const pid of signal === 'SIGKILL' ? tree : tree.slice(0, 1)) signalQuietly(pid, signal);
    if (await waitUntil(gone, STOP_TIMEOUT_MS)) return;
    for (const pid of tree) signalQuietly(pid, 'SIGKILL');
    await waitUntil(gone, STOP_TIMEOUT_MS);
  }
}

/**
 * A port of 127.0.0.1 that is free now, below the range from which systems take ports of outgoing connections: a
 * server that is down for a while finds it free again.
 */
async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise(resolve => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
