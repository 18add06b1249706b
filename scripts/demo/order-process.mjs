import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** A line of Nest's logger: its pid, its context, its message. */
const LINE = /^\[Nest\] (\d+) .*? LOG \[(\w+)\] (.*)$/;
/** What a step of the sample says first of all: its name, what it is about, and under which key. */
const STEP = /^(\w+) (.*?)(?:, idempotency key (?:undefined|(\S+)))?$/;
/** Classes of the sample that have steps. */
const WITH_STEPS = ['PaymentGateway', 'WarehouseService', 'OrderService', 'Mailer'];

/**
 * The order sample as a process of its own, seen from outside: what it prints, and how it ends.
 *
 * Emits `listening` with its URL, and `step` with `{ pid, name, about, key }` whenever it starts to execute a step.
 */
export class OrderProcess extends EventEmitter {
  /** Everything it printed. */
  output = [];
  /** The steps that it started to execute. */
  steps = [];

  #child;
  #url;

  /** @param {{ main: string, directory: string }} spec the program, and the directory in which it runs */
  constructor({ main, directory }) {
    super();
    const stdio = ['ignore', 'pipe', 'pipe'];
    this.#child = spawn(process.execPath, [main], { cwd: directory, env: environment(), stdio });
    /** How it ended, once it has. */
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', line => this.#read(line));
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves to where it listens. */
  listening() {
    return this.#unlessEnded(async () => {
      if (this.#url === undefined) await once(this, 'listening');
      return this.#url;
    });
  }

  /** Resolves once it has started to execute so many steps. */
  started(steps) {
    return this.#unlessEnded(async () => {
      while (this.steps.length < steps) await once(this, 'step');
    });
  }

  /** Sends a signal, and resolves to how it ended. */
  kill(signal) {
    this.#child.kill(signal);
    return this.ended;
  }

  #read(line) {
    this.output.push(line);
    const [, pid, context, message] = LINE.exec(line) ?? [];
    if (context === 'Main') this.#readUrl(message);
    if (WITH_STEPS.includes(context)) this.#readStep(Number(pid), message);
  }

  #readUrl(message) {
    this.#url = /^listening on (\S+)$/.exec(message)?.[1];
    if (this.#url !== undefined) this.emit('listening', this.#url);
  }

  #readStep(pid, message) {
    const [, name, about, key] = STEP.exec(message) ?? [];
    if (name === undefined) return;
    const step = { pid, name, about, key };
    this.steps.push(step);
    this.emit('step', step);
  }

  #unlessEnded(wait) {
    const ended = this.ended.then(({ code, signal }) => {
      throw new Error(`process ${this.pid} ended too early, with ${signal ?? `code ${code}`}`);
    });
    return Promise.race([wait(), ended]);
  }
}

/** The demo's own, less what would give the sample servers, another address, or colours. */
function environment() {
  const without = { POSTGRES_URL: undefined, REDIS_URL: undefined, HOST: undefined, FORCE_COLOR: undefined };
  return { ...process.env, ...without, PORT: '0', NO_COLOR: '1' };
}
