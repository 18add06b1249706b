import type { Type } from '@nestjs/common';
import { STEP_METADATA } from '../decorators/metadata.js';
import type { StepOptions } from '../options/decorator-options.js';
import type { Method, StepMethod } from '../ports/steps.js';
import { currentScope } from '../runtime/scope.js';
import type { StepBodies } from '../runtime/test-seam.js';
import { NotAStepError } from './errors.js';

/** Names of the methods of a class that may be steps: those that give a promise. */
export type StepOf<C> = {
  [K in keyof C]: C[K] extends (...args: never[]) => PromiseLike<unknown> ? K : never;
}[keyof C] &
  string;

type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : never;
type ResultOf<F> = F extends (...args: never[]) => PromiseLike<infer R> ? R : never;
type Class<C> = Pick<Type<C>, 'prototype' | 'name'> & (abstract new (...args: never[]) => C);

/** What is run in place of a step's body: it takes and gives the same, with or without a promise. */
export type StepBody<F, C = unknown> = (
  this: C,
  ...args: ArgsOf<F>
) => ResultOf<F> | PromiseLike<ResultOf<F>>;

/** One try of a step that was really run, not given from the journal. */
export interface StepRun<A extends readonly unknown[] = readonly unknown[]> {
  /** `Class.method`, or the name that it was given. */
  readonly step: string;
  readonly args: A;
  readonly invocationId: string;
  /** Number of the try, from 1. */
  readonly attempt: number;
}

/** How a step is to fail. */
export interface Failing {
  /** How often, before it does again what it did. @default 1 */
  readonly times?: number;
  /** What it throws. @default an `Error` */
  readonly error?: Error;
}

interface Replacement {
  readonly fits: (
    instance: object | undefined,
    step: { readonly name: string; readonly key?: string },
  ) => boolean;
  readonly body: Method | undefined;
  readonly times: number;
  readonly error: Error | undefined;
  left: number;
}

/** The steps of an application under test: what they do, and which of them were run. */
export class TestSteps implements StepBodies {
  /** Told before each body that is run, of the try's key. */
  onRun: (key: string, name: string) => void = () => undefined;
  private replacements: Replacement[] = [];
  private log: (StepRun & { readonly key: string | undefined; readonly instance: object | undefined })[] = [];
  private readonly running = new Map<string, string[]>();

  /**
   * Puts another body in place of a step's, until {@link restore}. It is journaled, retried and undone as the step is,
   * and its guards, pipes and interceptors apply.
   *
   * @example
   * ```ts
   * steps.override(PaymentGateway, 'charge', async order => ({ id: `test-${order.id}` }));
   * steps.override('receipt', () => 'printed'); // the inline step of that name
   * ```
   * @throws NotAStepError (DURABLE_NOT_A_STEP) for a method that is none
   */
  override<C extends object, K extends StepOf<C>>(type: Class<C>, method: K, body: StepBody<C[K], C>): void;
  override(name: string, body: (...args: never[]) => unknown): void;
  override<C extends object>(step: string | Class<C>, method: unknown, body?: Method): void {
    const instead = typeof step === 'string' ? (method as Method) : body;
    this.add(typeof step === 'string' ? step : [step, method as string], {
      body: instead,
      times: 0,
      error: undefined,
    });
  }

  /**
   * Has a step fail, and then do again what it did: what it is written to do, or what replaces that.
   *
   * @throws NotAStepError (DURABLE_NOT_A_STEP)
   */
  fail<C extends object, K extends StepOf<C>>(type: Class<C>, method: K, failing?: Failing): void;
  fail(name: string, failing?: Failing): void;
  fail<C extends object>(step: string | Class<C>, method: unknown, failing?: Failing): void {
    const { times = 1, error = new Error('made to fail by a test') } =
      (typeof step === 'string' ? (method as Failing | undefined) : failing) ?? {};
    this.add(typeof step === 'string' ? step : [step, method as string], { body: undefined, times, error });
  }

  /** What was run of a step, or of all, in order: one for each try, none for what a replay was given. */
  runs<C extends object, K extends StepOf<C>>(type: Class<C>, method: K): StepRun<ArgsOf<C[K]>>[];
  runs(name?: string): StepRun[];
  runs<C extends object>(step?: string | Class<C>, method?: string): StepRun[] {
    return this.log
      .filter(({ step: name, key, instance }) =>
        typeof step === 'function'
          ? instance instanceof step && key === method
          : step === undefined || step === name,
      )
      .map(({ step: name, args, invocationId, attempt }) => ({ step: name, args, invocationId, attempt }));
  }

  /** Has every step do again what it is written to do. What was run is forgotten. */
  restore(): void {
    this.replacements = [];
    this.log = [];
  }

  /** Forgets what was run, and has what fails a number of times fail as often again. */
  rewind(): void {
    this.log = [];
    for (const one of this.replacements) one.left = one.times;
  }

  /** Names of the steps of an invocation whose bodies are running. */
  runningIn(invocationId: string): readonly string[] {
    return this.running.get(invocationId) ?? [];
  }

  isRunningIn(invocationId: string): boolean {
    return this.running.has(invocationId);
  }

  ofMethod(instance: object, { key, options }: StepMethod, body: Method): Method {
    const step = { name: options.name ?? `${instance.constructor.name}.${key}`, key };
    return (...args) => this.run(instance, step, args, this.bodyFor(instance, step, body.bind(instance)));
  }

  ofFunction(name: string, body: () => unknown): () => unknown {
    return () => this.run(undefined, { name }, [], this.bodyFor(undefined, { name }, body));
  }

  private add(
    step: string | readonly [Class<object>, string],
    what: Pick<Replacement, 'body' | 'times' | 'error'>,
  ): void {
    if (typeof step !== 'string') checkStep(...step);
    const fits: Replacement['fits'] =
      typeof step === 'string'
        ? (_, { name }) => name === step
        : (instance, { key }) => instance instanceof step[0] && key === step[1];
    this.replacements.unshift({ fits, ...what, left: what.times });
  }

  /** The last failure that is left, else the last replacement, else what is written. */
  private bodyFor(
    instance: object | undefined,
    step: { readonly name: string; readonly key?: string },
    body: Method,
  ): Method {
    const fitting = this.replacements.filter(({ fits }) => fits(instance, step));
    const failing = fitting.find(({ left }) => left > 0);
    if (failing?.error) {
      const { error } = failing;
      failing.left--;
      return () => Promise.reject(error);
    }
    const replacing = fitting.find(one => one.body)?.body;
    return replacing?.bind(instance ?? {}) ?? body;
  }

  private async run(
    instance: object | undefined,
    { name, key }: { readonly name: string; readonly key?: string },
    args: readonly never[],
    body: Method,
  ): Promise<unknown> {
    const scope = currentScope();
    const invocationId = scope?.attempt.invocation.id ?? '';
    this.log.push({ step: name, args, invocationId, attempt: scope?.step?.attempt ?? 1, key, instance });
    if (scope?.step) this.onRun(scope.step.idempotencyKey, name);
    const running = this.running.get(invocationId) ?? [];
    this.running.set(invocationId, [...running, name]);
    try {
      return await Reflect.apply(body, instance, args);
    } finally {
      this.ended(invocationId, name);
    }
  }

  private ended(invocationId: string, name: string): void {
    const left = [...(this.running.get(invocationId) ?? [])];
    left.splice(left.indexOf(name), 1);
    if (left.length > 0) this.running.set(invocationId, left);
    else this.running.delete(invocationId);
  }
}

/** @throws NotAStepError */
function checkStep({ prototype, name }: Class<object>, key: string): void {
  const isStep = (method: unknown): StepOptions | undefined =>
    typeof method === 'function'
      ? (Reflect.getMetadata(STEP_METADATA, method) as StepOptions | undefined)
      : undefined;
  if (isStep(Reflect.get(prototype as object, key))) return;
  for (
    let at = prototype as object | null;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const methods = Object.values(Object.getOwnPropertyDescriptors(at)).map(({ value }) => isStep(value));
    if (methods.some(options => undoes(options) === key)) return;
  }
  throw new NotAStepError(`${name}.${key}`);
}

function undoes(options: StepOptions | undefined): string | undefined {
  const { compensate } = options ?? {};
  return typeof compensate === 'object' ? compensate.method : compensate;
}
