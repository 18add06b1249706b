// An application that shares its data source with the library, for tests that kill it. Its one argument says where it is,
// what it begins, and where it ends. It ends by itself once nothing is under way any more.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import {
  DurableClient,
  DurableModule,
  type DurableModuleOptions,
  DurableService,
  embeddedDriver,
  Handler,
  type InvocationInfo,
  Step,
} from 'nestjs-durable';
import { FAULT_POINTS } from 'nestjs-durable/testing';
import { Column, DataSource, Entity, EventSubscriber, PrimaryGeneratedColumn, Repository } from 'typeorm';
import type { EntitySubscriberInterface } from 'typeorm';

interface Argument {
  /** Of a server; else an embedded database in the directory. */
  readonly url?: string;
  readonly directory?: string;
  /** What it begins once all that it finds is finished. */
  readonly begin?: { readonly key: string; readonly how: 'step' | 'transaction' };
  /** Where it is killed, or stopped until it is told to go on. */
  readonly fault?: { readonly point: string; readonly action: 'kill' | 'stop' };
}

const { url, directory, begin, fault } = JSON.parse(process.argv[2] ?? '{}') as Argument;
let isArmed = false;

async function reach(point: string): Promise<void> {
  if (!isArmed || point !== fault?.point) return;
  isArmed = false;
  process.kill(process.pid, fault.action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  // The signal takes effect in this turn of the event loop, or a little later.
  await new Promise(resolve => setTimeout(resolve, 20));
}

@Entity('booking')
class Booking {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  what!: string;
}

@Injectable()
class Bookings {
  constructor(
    @InjectRepository(Booking) private readonly repository: Repository<Booking>,
    private readonly client: DurableClient,
  ) {}

  @Step({ transaction: true })
  async book(what: string): Promise<number> {
    const { id } = await this.repository.save({ what });
    if (!what.startsWith('mail ')) await this.client.send(Trips).book(`mail ${what}`);
    return id;
  }

  /** Without a step: what an endpoint does. */
  async inTransaction(dataSource: DataSource, what: string): Promise<void> {
    await dataSource.transaction(async manager => {
      await manager.save(Booking, { what });
      await this.client.send(Trips).book(`mail ${what}`);
      await reach('sent');
    });
    await reach('returned');
  }
}

@DurableService()
class Trips {
  constructor(private readonly bookings: Bookings) {}

  @Handler()
  async book(what: string): Promise<number> {
    return this.bookings.book(what);
  }
}

/** After the COMMIT, and before anybody is told. */
@EventSubscriber()
class CommitWatch implements EntitySubscriberInterface {
  async afterTransactionCommit(): Promise<void> {
    await reach('subscriber');
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      entities: [Booking],
      synchronize: true,
      ...(url === undefined ? { driver: embeddedDriver({ directory: directory ?? false }) } : { url }),
      subscribers: [CommitWatch],
    }),
    TypeOrmModule.forFeature([Booking]),
    DurableModule.forRootAsync({
      inject: [DataSource],
      useFactory: (postgres: DataSource): DurableModuleOptions => {
        const options: DurableModuleOptions = { postgres, worker: { lease: '1s', sweepInterval: 50 } };
        return Object.assign(options, { [FAULT_POINTS]: reach });
      },
    }),
  ],
  providers: [Bookings, Trips],
})
class App {}

const app = await NestFactory.createApplicationContext(App, { logger: ['error'], abortOnError: false });
const client = app.get(DurableClient);

/** Nothing if the server has ended the session: that of one that was stopped in the transaction of its question. */
async function listed(): Promise<readonly InvocationInfo[] | undefined> {
  try {
    return (await client.list({ limit: 200 })).items;
  } catch {
    return undefined;
  }
}

async function finished(): Promise<void> {
  for (;;) {
    // In one look: what goes from one status to another between two is in neither of them.
    const items = await listed();
    if (items?.every(({ finishedAt }) => finishedAt !== null)) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

// Handed over before it goes on: it may be killed at once.
await new Promise(resolve => process.send?.('ready', resolve) ?? resolve(undefined));
await finished();
if (begin) {
  isArmed = true;
  if (begin.how === 'step') await client.send(Trips).book(begin.key);
  else await app.get(Bookings).inTransaction(app.get(DataSource), begin.key);
  await finished();
}
await app.close();
process.disconnect?.();
