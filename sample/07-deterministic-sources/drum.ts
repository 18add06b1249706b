import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';

@Injectable()
export class Drum {
  private readonly logger = new Logger(Drum.name);

  constructor(private readonly durable: DurableContext) {}

  /** Suspense: long enough to kill the process in the middle of it. */
  @Step()
  async roll(prize: string): Promise<void> {
    this.logger.log(`a roll of the drum for ${prize}`);
    await setTimeout(400, undefined, { signal: this.durable.abortSignal });
  }
}
