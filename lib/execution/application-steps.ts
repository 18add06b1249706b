import { Inject, Injectable } from '@nestjs/common';
import { EnhancerCheck } from '../discovery/enhancer-check.js';
import { resolveStepOptions, type StepOptions } from '../options/decorator-options.js';
import { DURABLE_OPTIONS } from '../options/tokens.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Method, StepCall, StepCalls, StepMethod } from '../ports/steps.js';
import { type Enhanced, NestContext } from './nest-context.js';

type Rules = Pick<StepCall, 'retry' | 'timeoutMs'>;

/** Global enhancers that are made for a provider do not apply to its steps. */
const NO_PROVIDER = { providerId: '' };

/** Step calls of the methods and functions of this application. */
@Injectable()
export class ApplicationSteps implements StepCalls {
  private readonly rules = new WeakMap<StepOptions, Rules>();
  private readonly enhanced = new WeakMap<object, Map<Method, Enhanced>>();

  constructor(
    @Inject(DURABLE_OPTIONS) private readonly options: ResolvedOptions,
    private readonly nest: NestContext,
    private readonly enhancers: EnhancerCheck,
  ) {}

  ofMethod(instance: object, step: StepMethod, args: readonly unknown[]): StepCall {
    const name = step.options.name ?? `${instance.constructor.name}.${step.key}`;
    return { name, ...this.rulesOf(step.options), run: async () => this.enhance(instance, step)(args) };
  }

  inline(name: string, body: () => unknown, options: StepOptions): StepCall {
    return { name, ...this.rulesOf(options), run: async () => body() };
  }

  private rulesOf(options: StepOptions): Rules {
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
