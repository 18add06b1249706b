import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DurableErrorFilter } from './durable-error.filter.js';
import { TrialDto } from './trial.dto.js';
import { type TrialOutcome, TrialService } from './trial.service.js';

@Controller('trials')
@UseFilters(DurableErrorFilter)
export class TrialsController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  @HttpCode(202)
  async start(@Body() { customer }: TrialDto) {
    const { id } = await this.durable.send(TrialService, { idempotencyKey: customer }).run(customer);
    return { id };
  }

  /** Kept until the trial takes it, even if the process dies right after the answer. */
  @Post(':id/subscription')
  @HttpCode(202)
  async subscribe(@Param('id') id: string) {
    await this.durable.signal(id, 'subscribe');
    return { id };
  }

  @Post(':id/cancellation')
  @HttpCode(202)
  async cancel(@Param('id') id: string) {
    await this.durable.signal(id, 'cancel');
    return { id };
  }

  /** `dueAt` is when it goes on by itself. */
  @Get(':id')
  async status(@Param('id') id: string) {
    const trial = this.durable.get<TrialOutcome>(id);
    const { status, dueAt } = await trial.status();
    const outcome = status === 'completed' ? await trial.result() : undefined;
    return { id, status, dueAt, outcome };
  }
}
