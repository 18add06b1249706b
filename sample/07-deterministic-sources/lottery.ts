import { DurableContext, DurableLogger, DurableService, Handler } from 'nestjs-durable';
import { Drum } from './drum.js';

const PRIZES = ['a cup', 'a bicycle', 'a house'];

export interface Draw {
  readonly number: string;
  readonly startedAt: Date;
  /** Who won each prize, from the smallest to the greatest. */
  readonly winners: readonly string[];
}

@DurableService()
export class Lottery {
  private readonly logger = new DurableLogger(Lottery.name);

  constructor(
    private readonly durable: DurableContext,
    private readonly drum: Drum,
  ) {}

  /**
   * Started again after a crash, this runs from its first line. It meets the same time, the same chance and the same
   * ids, so nobody wins what another one was told to have won; and it says nothing twice.
   */
  @Handler()
  async draw(tickets: readonly string[]): Promise<Draw> {
    const number = this.durable.uuid();
    const startedAt = this.durable.now();
    const hat = [...tickets];
    const winners: string[] = [];
    this.logger.log(`draw ${number} of ${hat.length} tickets`);
    for (const prize of PRIZES.slice(0, hat.length)) {
      await this.drum.roll(prize);
      const [winner = ''] = hat.splice(Math.floor(this.durable.random() * hat.length), 1);
      winners.push(winner);
      this.logger.log(`${winner} wins ${prize}`);
    }
    return { number, startedAt, winners };
  }
}
