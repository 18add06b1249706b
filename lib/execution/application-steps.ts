import { Inject, Injectable, Optional } from '@nestjs/common';
import { EnhancerCheck } from '../discovery/enhancer-check.js';
import { ARGUMENTS_METADATA, STEP_METADATA } from '../decorators/metadata.js';
import { checkCompensation } from '../discovery/compensation-check.js';
import { type ResolvedCompensate, resolveCompensation } from '../options/compensate-options.js';
import { type ResolvedStep, resolveStepOptions, type StepOptions } from '../options/decorator-options.js';
import type { ExecutionOptions } from '../options/execution-options.js';
import { DURABLE_OPTIONS, DURABLE_TEST_SEAM } from '../options/tokens.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Method, StepCall, StepCalls, StepMethod } from '../ports/steps.js';
import type { TestSeam } from '../runtime/test-seam.js';
import { type Enhanced, NestContext } from './nest-context.js';

/** Global enhancers that are made for a provider do not apply to its steps. */
const NO_PROVIDER = { providerId: '' };

/** Step calls of the methods and functions of this application. */
@Injectable()
export class ApplicationSteps implements StepCalls {
  private readonly rules = new WeakMap<StepOptions, ResolvedStep>();
  private readonly enhanced = new WeakMap<object, Map<Method, Enhanced>>();

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    private readonly nest: NestContext,
    private readonly enhancers: EnhancerCheck,
    @Optional() @Inject(DURABLE_TEST_SEAM) private readonly test?: TestSeam,
  ) {}

  ofMethod(instance: object, step: StepMethod, args: readonly unknown[]): StepCall {
    const name = step.options.name ?? `${instance.constructor.name}.${step.key}`;
    const { compensate, ...rules } = this.rulesOf(step.options);
    const run = (): unknown => this.enhance(instance, step)(args);
    const call = { name, ...rules, method: step, run };
    if (!compensate) return call;
    checkCompensation(instance, step.key, compensate.method);
    // The result has its place behind all parameters, also behind those that were left out.
    const given = [...args, ...Array<undefined>(Math.max(0, declared(instance, step.key) - args.length))];
    return { ...call, undo: result => this.undo(name, instance, compensate, [...given, result]) };
  }

  inline(name: string, body: () => unknown, options: StepOptions): StepCall {
    const { compensate: _, ...rules } = this.rulesOf(options);
    return { name, ...rules, run: () => this.replaced(name, body)() };
  }

  bodyOf(instance: object, step: StepMethod, body: Method): Method {
    return this.test?.bodies.ofMethod(instance, step, body) ?? body;
  }

  compensation(name: string, body: () => unknown, options: ExecutionOptions): StepCall {
    return {
      name,
      ...resolveCompensation(options, ''),
      run: async () => void (await this.replaced(name, body)()),
    };
  }

  private replaced(name: string, body: () => unknown): () => unknown {
    return this.test?.bodies.ofFunction(name, body) ?? body;
  }

  private undo(
    name: string,
    instance: object,
    { method: key, retry, timeoutMs }: ResolvedCompensate,
    args: readonly unknown[],
  ): StepCall {
    const method = Reflect.get(instance, key) as Method;
    // A decorated one has enhancers, which know its parameters; it need not take all that there is.
    const step = { key, method, options: {} };
    const body = Reflect.hasMetadata(STEP_METADATA, method)
      ? () => this.enhance(instance, step)(args.slice(0, declared(instance, key)))
      : () => this.bodyOf(instance, step, method).apply(instance, args as never[]);
    return { name, retry, timeoutMs, run: async () => void (await body()) };
  }

  private rulesOf(options: StepOptions): ResolvedStep {
    let rules = this.rules.get(options);
    if (!rules) {
      rules = resolveStepOptions(options, this.options.steps);
      this.rules.set(options, rules);
    }
    return rules;
  }

  private enhance(instance: object, { method, key }: StepMethod): Enhanced {
    const methods = this.enhanced.get(instance) ?? new Map<Method, Enhanced>();
    this.enhanced.set(instance, methods);
    let enhanced = methods.get(method);
    if (!enhanced) {
      this.enhancers.checkObject(instance, { key, method });
      enhanced = this.nest.enhance(instance, method, key, NO_PROVIDER);
      methods.set(method, enhanced);
    }
    return enhanced;
  }
}

/** How many parameters a decorated method declares. */
function declared(instance: object, key: string): number {
  return Object.keys((Reflect.getMetadata(ARGUMENTS_METADATA, instance.constructor, key) ?? {}) as object)
    .length;
}
