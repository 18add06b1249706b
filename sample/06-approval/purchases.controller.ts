import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DurableErrorFilter } from './durable-error.filter.js';
import { CommentDto, PurchaseDto } from './purchase.dto.js';
import { type Purchase, PurchaseService } from './purchase.service.js';

@Controller('purchases')
@UseFilters(DurableErrorFilter)
export class PurchasesController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  @HttpCode(202)
  async request(@Body() purchase: PurchaseDto) {
    const { id } = await this.durable.send(PurchaseService).request(purchase);
    return { id };
  }

  @Post(':id/comments')
  @HttpCode(202)
  async comment(@Param('id') id: string, @Body() { text }: CommentDto) {
    await this.durable.signal(id, 'comment', text);
    return { id };
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    const invocation = this.durable.get<Purchase>(id);
    const { status, error } = await invocation.status();
    const waitingFor = await this.durable.query<string>(id, 'waiting for');
    const comments = await this.durable.query<string[]>(id, 'comments');
    const purchase = status === 'completed' ? await invocation.result() : undefined;
    return { id, status, error: error?.message, waitingFor, comments, purchase };
  }
}
