import { Injectable } from '@nestjs/common';
import type { Duration } from 'nestjs-durable';

/** What is offered. A trial keeps the terms that it started with: its timers are recorded. */
@Injectable()
export class TrialTerms {
  /** From the start of a trial to its end. */
  readonly length = (process.env.TRIAL_LENGTH ?? '14d') as Duration;
  /** From the start of a trial to the reminder. */
  readonly reminder = (process.env.TRIAL_REMINDER ?? '11d') as Duration;
}
