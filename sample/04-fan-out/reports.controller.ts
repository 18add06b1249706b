import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { ReaderDto, ReportDto } from './report.dto.js';
import { type Progress, type Report, ReportService } from './report.service.js';

@Controller('reports')
export class ReportsController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  @HttpCode(202)
  async build(@Body() { title, shops }: ReportDto) {
    const { id } = await this.durable.send(ReportService, { idempotencyKey: title }).build(title, shops);
    return { id };
  }

  /** Somebody who wants the report by mail once it is ready, or at once if it is. */
  @Post(':id/readers')
  @HttpCode(202)
  async addReader(@Param('id') reportId: string, @Body() { email }: ReaderDto) {
    const idempotencyKey = `${reportId} ${email}`;
    const { id } = await this.durable.send(ReportService, { idempotencyKey }).mailTo(email, reportId);
    return { id };
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    const invocation = this.durable.get<Report>(id);
    const { status } = await invocation.status();
    const progress = await this.durable.query<Progress>(id, 'progress');
    const report = status === 'completed' ? await invocation.result() : undefined;
    return { id, status, progress, report };
  }

  /** One invocation for each shop, and one for the archive. */
  @Get(':id/children')
  async children(@Param('id') id: string) {
    const { items } = await this.durable.list({ parent: id, limit: 100 });
    return items.map(({ service, handler, status, error }) => {
      return { handler: `${service}.${handler}`, status, error: error?.message };
    });
  }
}
