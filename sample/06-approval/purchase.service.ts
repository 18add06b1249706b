import { DurableContext, DurableService, Handler, TerminalError, WaitTimeoutError } from 'nestjs-durable';
import { ApprovalTerms } from './approval.terms.js';
import { Mailer } from './mailer.js';
import { PurchaseDto } from './purchase.dto.js';

/** What an awakeable of this sample is resolved with. */
export interface Approval {
  readonly by: string;
}

export interface Purchase extends Approval {
  readonly item: string;
  readonly comments: readonly string[];
}

@DurableService()
export class PurchaseService {
  constructor(
    private readonly durable: DurableContext,
    private readonly mailer: Mailer,
    private readonly terms: ApprovalTerms,
  ) {}

  /** Asks one after the other until somebody answers. Who says no ends it: the error is the outcome. */
  @Handler()
  async request(purchase: PurchaseDto): Promise<Purchase> {
    const comments: string[] = [];
    void this.gather(comments);
    for (const approver of this.terms.approvers) {
      this.durable.set('waiting for', approver);
      const approval = await this.askFor(approver, purchase);
      if (approval) return { item: purchase.item, by: approval.by, comments };
    }
    throw new TerminalError('nobody answered');
  }

  /** The answer of an approver; `undefined` if there was none in time. */
  private async askFor(approver: string, purchase: PurchaseDto): Promise<Approval | undefined> {
    const { id, promise } = this.durable.awakeable<Approval>({ timeout: this.terms.patience });
    await this.mailer.askForApproval(approver, purchase, id);
    try {
      return await promise;
    } catch (error) {
      if (error instanceof WaitTimeoutError) return undefined;
      throw error;
    }
  }

  /** A branch of its own, beside the waiting: it ends with the handler. */
  private async gather(comments: string[]): Promise<never> {
    for (;;) {
      comments.push(await this.durable.signal<string>('comment'));
      this.durable.set('comments', comments);
    }
  }
}
