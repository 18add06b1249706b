import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DrawDto } from './draw.dto.js';
import { type Draw, Lottery } from './lottery.js';

@Controller('draws')
export class LotteryController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  @HttpCode(202)
  async draw(@Body() { tickets }: DrawDto) {
    const { id } = await this.durable.send(Lottery).draw(tickets);
    return { id };
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    const invocation = this.durable.get<Draw>(id);
    const { status } = await invocation.status();
    const draw = status === 'completed' ? await invocation.result() : undefined;
    return { id, status, draw };
  }
}
