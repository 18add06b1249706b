import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Archive } from './archive.js';
import { ReportService } from './report.service.js';
import { ReportsController } from './reports.controller.js';
import { ShopService } from './shop.service.js';

@Module({
  imports: [
    DurableModule.forRoot({
      postgres: process.env.POSTGRES_URL,
      redis: process.env.REDIS_URL,
      // Few at once, so that there is something to watch. The report itself needs no slot while it waits.
      worker: { concurrency: 3 },
    }),
  ],
  controllers: [ReportsController],
  providers: [ReportService, ShopService, Archive],
})
export class AppModule {}
