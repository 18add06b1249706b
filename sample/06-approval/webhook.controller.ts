import { Body, Controller, HttpCode, Param, Post, UseFilters, UseGuards } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DurableErrorFilter } from './durable-error.filter.js';
import { AnswerDto } from './purchase.dto.js';
import type { Approval } from './purchase.service.js';
import { WebhookGuard } from './webhook.guard.js';

/** Where the system of those who approve calls back. It knows an id, and nothing of purchases. */
@Controller('webhooks/approvals')
@UseGuards(WebhookGuard)
@UseFilters(DurableErrorFilter)
export class WebhookController {
  constructor(private readonly durable: DurableClient) {}

  /** The first answer counts. The same one again, as webhooks are wont to be sent, is no error; another one is 409. */
  @Post(':id')
  @HttpCode(202)
  async answer(@Param('id') id: string, @Body() { approved, by, reason }: AnswerDto) {
    if (approved) await this.durable.resolveAwakeable(id, { by } satisfies Approval);
    else await this.durable.rejectAwakeable(id, `${by} says no: ${reason ?? 'without a reason'}`);
    return { approved };
  }
}
