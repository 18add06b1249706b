import type { LedgerWriter } from './ledger.js';
import type { Fault, Report } from './protocol.js';

/** Does what it is armed with when its fault point is reached. */
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
  readonly reach = async (point: string): Promise<void> => {
    const { fault } = this;
    if (!fault) return;
    // The sweep and the search for the dead go on and on.
    if (point !== 'sweep:before' && point !== 'reap:before')
      this.ledger.write({ what: 'point', phase: 'start', name: point });
    if (fault.point !== point || ++this.reached !== fault.nth) return;
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (fault.action === 'stop') process.kill(process.pid, 'SIGSTOP');
    else await this.hold(point);
  };

  private hold(point: string): Promise<void> {
    this.report({ kind: 'held', point });
    return new Promise(resolve => (this.proceed = resolve));
  }
}
