/**
 * What the compiler says of the tools for tests. Nothing here runs: `tsc` checks it with the other tests, and a wrong use
 * that compiles is an unused `@ts-expect-error`.
 */
import { Step } from '../../lib/index.js';
import type { DurableTesting, StepRun } from '../../lib/testing/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only if a value has just this type. */
declare function exactly<E>(): <A>(
  value: A,
  ...same: Equal<A, E> extends true ? [] : ['not the same']
) => void;

interface Order {
  readonly id: string;
}

class PaymentGateway {
  readonly currency = 'EUR';

  constructor(private readonly url: string) {}

  @Step()
  async charge(order: Order, euros: number): Promise<{ payment: string }> {
    return { payment: `${this.url}/${order.id}/${euros}` };
  }

  total(order: Order): number {
    return order.id.length;
  }
}

declare const tools: DurableTesting;
const { steps, clock } = tools;

// A body takes what the step takes, or less, and gives what it gives, with or without a promise.
steps.override(PaymentGateway, 'charge', async (order, euros) => {
  exactly<Order>()(order);
  exactly<number>()(euros);
  return { payment: order.id };
});
steps.override(PaymentGateway, 'charge', () => ({ payment: '1' }));
steps.override(PaymentGateway, 'charge', function () {
  return { payment: this.currency };
});
steps.override('receipt', () => 'printed');

// @ts-expect-error there is no such method
steps.override(PaymentGateway, 'refund', async () => undefined);
// @ts-expect-error it gives no promise: it is no step
steps.override(PaymentGateway, 'total', () => 1);
// @ts-expect-error it is not a method
steps.override(PaymentGateway, 'currency', () => 'USD');
// @ts-expect-error another result
steps.override(PaymentGateway, 'charge', async () => ({ id: 1 }));
// @ts-expect-error another parameter
steps.override(PaymentGateway, 'charge', async (order: number) => ({ payment: String(order) }));
// @ts-expect-error more parameters than there are
steps.override(PaymentGateway, 'charge', async (order, euros, more: string) => ({ payment: more }));
// @ts-expect-error a method has a body
steps.override(PaymentGateway, 'charge');

steps.fail(PaymentGateway, 'charge', { times: 2, error: new Error('503') });
// @ts-expect-error no such method
steps.fail(PaymentGateway, 'refund');
// @ts-expect-error no such option
steps.fail(PaymentGateway, 'charge', { often: 2 });

exactly<StepRun<[order: Order, euros: number]>[]>()(steps.runs(PaymentGateway, 'charge'));
exactly<StepRun[]>()(steps.runs());

exactly<Promise<number>>()(clock.advanceUntil(Promise.resolve(1)));
void clock.advance('2h', { whileStepsRun: true });
// @ts-expect-error not a duration
void clock.advance('2 weeks');

void tools.crashEverywhere(async () => 1).then(({ result }) => exactly<number>()(result));
// @ts-expect-error it gives a promise
void tools.crashEverywhere(() => 1);
