import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DurableErrorFilter } from './durable-error.filter.js';
import { Reports } from './reports.js';
import { ScheduleDto } from './schedule.dto.js';

@Controller('schedules')
@UseFilters(DurableErrorFilter)
export class SchedulesController {
  constructor(private readonly durable: DurableClient) {}

  @Get()
  list() {
    return this.durable.schedules.list();
  }

  /** A schedule of somebody's own, besides the one that the code declares. */
  @Post()
  create(@Body() { name, cron, region }: ScheduleDto) {
    return this.durable.schedules.create(Reports, { name, cron, overlap: 'queue' }).build(region);
  }

  @Post(':name/pause')
  @HttpCode(200)
  async pause(@Param('name') name: string) {
    await this.durable.schedules.pause(name);
    return this.durable.schedules.get(name);
  }

  @Post(':name/resume')
  @HttpCode(200)
  async resume(@Param('name') name: string) {
    await this.durable.schedules.resume(name);
    return this.durable.schedules.get(name);
  }

  /** One more, now. */
  @Post(':name/trigger')
  async trigger(@Param('name') name: string) {
    const report = await this.durable.schedules.trigger<string>(name);
    return { id: report.id, period: await report.result() };
  }

  @Delete(':name')
  async delete(@Param('name') name: string) {
    await this.durable.schedules.delete(name);
    return { name };
  }
}
