import type { LedgerWriter } from './ledger.js';
import type { Fault, Report } from './protocol.js';

/** Of a batch of the store: what is accepted in it, and for whom, and whose entries it has. */
interface Committed {
  readonly accepts: readonly {
    readonly parent: { readonly lease: Owned; readonly index: number | null } | null;
  }[];
  readonly entries: readonly { readonly lease: Owned }[];
  readonly transitions: readonly { readonly status: string }[];
}

interface Owned {
  readonly invocationId: string;
}

/**
 * Does what it is armed with when its fault point is reached: one of the store's, or `child:after`, when the child of a
 * send is committed and its parent's journal does not have it yet.
 */
export class FaultSwitch {
  private fault: Fault | undefined;
  private reached = 0;
  private proceed: (() => void) | undefined;

  constructor(
    private readonly ledger: LedgerWriter,
    private readonly report: (report: Report) => void,
  ) {}

  /** Counts from now on. */
  arm(fault: Fault): void {
    this.fault = fault;
    this.reached = 0;
  }

  /** Lets go on what is held. */
  release(): void {
    this.proceed?.();
  }

  /** As the module calls it. */
  readonly reach = async (point: string, batch?: Committed): Promise<void> => {
    if (point === 'accept:after' && batch && isAhead(batch)) await this.reach('child:after');
    const { fault } = this;
    if (!fault) return;
    const times = timesOf(point, batch);
    // The sweep and the search for the dead go on and on.
    if (point !== 'sweep:before' && point !== 'reap:before')
      for (let time = 0; time < times; time++)
        this.ledger.write({ what: 'point', phase: 'start', name: point });
    if (fault.point !== point || this.reached >= fault.nth) return;
    this.reached += times;
    if (this.reached < fault.nth) return;
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (fault.action === 'stop') process.kill(process.pid, 'SIGSTOP');
    else await this.hold(point);
  };

  private hold(point: string): Promise<void> {
    this.report({ kind: 'held', point });
    return new Promise(resolve => (this.proceed = resolve));
  }
}

const OVER = ['completed', 'failed', 'cancelled'];

/** Outcomes count one by one: two invocations that end at about the same time may, or may not, do so in one batch. */
function timesOf(point: string, batch: Committed | undefined): number {
  if (!batch || !point.startsWith('outcome:')) return 1;
  return batch.transitions.filter(({ status }) => OVER.includes(status)).length;
}

/** Whether a child that is sent to, and not waited for, is committed before its entry. */
function isAhead({ accepts, entries }: Committed): boolean {
  const written = new Set(entries.map(({ lease }) => lease.invocationId));
  return accepts.some(({ parent }) => parent?.index === null && !written.has(parent.lease.invocationId));
}
