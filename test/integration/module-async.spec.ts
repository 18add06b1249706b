import { Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import {
  DurableClient,
  DurableModule,
  type DurableModuleAsyncOptions,
  type DurableModuleOptions,
  type DurableOptionsFactory,
  DurableService,
  Handler,
  InvalidOptionError,
} from '../../lib/index.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';

@DurableService()
class Greeter {
  @Handler()
  async greet(name: string): Promise<string> {
    return `hello ${name}`;
  }
}

/** Filled in when there is a database. */
const OPTIONS: { postgres?: string } = {};
let database: ScratchDatabase;

beforeAll(async () => {
  database = await createScratchDatabase();
  OPTIONS.postgres = database.url;
});
afterAll(() => database.drop());

@Injectable()
class Configuration implements DurableOptionsFactory {
  createDurableOptions(): DurableModuleOptions {
    return OPTIONS;
  }
}

@Module({ providers: [Configuration], exports: [Configuration] })
class ConfigurationModule {}

async function start(options: DurableModuleAsyncOptions, imports: Type[] = []): Promise<TestingModule> {
  const durable = DurableModule.forRootAsync(options);
  const module = await Test.createTestingModule({
    imports: [...imports, durable],
    providers: [Greeter],
  }).compile();
  return module.init();
}

describe('DurableModule.forRootAsync', () => {
  it.each<[string, DurableModuleAsyncOptions]>([
    [
      'useFactory, imports and inject',
      {
        imports: [ConfigurationModule],
        inject: [Configuration],
        useFactory: (configuration: Configuration) => configuration.createDurableOptions(),
      },
    ],
    ['useFactory that waits', { useFactory: () => Promise.resolve(OPTIONS) }],
    ['useClass', { useClass: Configuration }],
    ['useExisting', { imports: [ConfigurationModule], useExisting: Configuration }],
  ])('takes its options by %s', async (_, options) => {
    const module = await start(options);
    await expect(module.get(DurableClient).call(Greeter).greet('Ada')).resolves.toBe('hello Ada');
    await module.close();
  });

  it.each<[string, object, string]>([
    ['does not exist', { worker: { concurency: 5 } }, 'worker.concurency'],
    ['is wrong', { worker: { concurrency: 0 } }, 'worker.concurrency'],
    ['stands alone', { redis: 'redis://127.0.0.1' }, 'redis'],
  ])('ends the boot with an error that names an option that %s', async (_, wrong, option) => {
    const booted = start({ useFactory: () => wrong });
    await expect(booted).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(booted).rejects.toMatchObject({ code: 'DURABLE_INVALID_OPTION', option });
    expect(() => DurableModule.forRoot(wrong)).not.toThrow();
  });

  describe("with the application's own DataSource", () => {
    it('shares its pool, and leaves it to the application to close', async () => {
      const theirs = TypeOrmModule.forRoot({ type: 'postgres', url: database.url, extra: { max: 3 } });
      const durable = DurableModule.forRootAsync({
        inject: [getDataSourceToken()],
        useFactory: (postgres: DataSource) => ({ postgres }),
      });
      const module = await Test.createTestingModule({
        imports: [theirs, durable],
        providers: [Greeter],
      }).compile();
      await module.init();
      const names = Array.from({ length: 50 }, (_, at) => `n${at}`);
      const greeter = module.get(DurableClient).call(Greeter);
      const greetings = await Promise.all(names.map(name => greeter.greet(name)));
      expect(greetings).toEqual(names.map(name => `hello ${name}`));
      const dataSource = module.get<DataSource>(getDataSourceToken());
      const [count] = await dataSource.query<{ open: number }[]>(
        'select count(*)::int as open from pg_stat_activity where datname = current_database()',
      );
      expect(count?.open).toBeLessThanOrEqual(3);
      expect(dataSource.entityMetadatas).toEqual([]);
      await module.close();
      expect(dataSource.isInitialized).toBe(false);
    });
  });
});
