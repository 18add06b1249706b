import { BadRequestException, Injectable, UsePipes, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { plainToInstance, Type } from 'class-transformer';
import { IsInt, IsOptional, IsPositive, IsString, Min, ValidateNested } from 'class-validator';
import { DurableService, Handler, Step } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

class Item {
  @IsString()
  readonly sku!: string;
  @IsInt()
  @IsPositive()
  readonly count!: number;
}

class Order {
  @IsString()
  readonly id!: string;
  @ValidateNested({ each: true })
  @Type(() => Item)
  readonly items!: Item[];
  @IsOptional()
  @Type(() => Date)
  readonly due?: Date;
}

class Amount {
  @IsInt()
  @Min(1)
  readonly cents!: number;
}

@Injectable()
@UsePipes(new ValidationPipe({ transform: true }))
class Till {
  @Step({ retry: { maxAttempts: 3, initialDelay: 0 } })
  async book(amount: Amount): Promise<string> {
    return `${amount.constructor.name} ${amount.cents}`;
  }
}

let runs = 0;

@DurableService({ name: 'shop' })
class Shop {
  constructor(private readonly till: Till) {}

  @Handler({ retry: { maxAttempts: 3, initialDelay: 0 } })
  @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
  async order(order: Order, note = 'none'): Promise<string> {
    runs++;
    const [item] = order.items;
    return [order.constructor.name, item?.constructor.name, 'extra' in order, note].join(' ');
  }

  @Handler()
  @UsePipes(new ValidationPipe({ transform: true }))
  async due(order: Order): Promise<boolean> {
    return order.due instanceof Date;
  }

  @Handler()
  async pay(cents: number): Promise<string> {
    return this.till.book({ cents });
  }
}

/** The shop as an application knows it that lacks its classes of data. */
@DurableService({ name: 'shop' })
class ShopElsewhere {
  @Handler()
  async order(_order: object): Promise<string> {
    return '';
  }
}

const GOOD = { id: 'o1', items: [{ sku: 'a', count: 1 }] };
const BAD = { id: 'o1', items: [{ sku: 'a', count: -1 }] };

let applications: Applications;
let running: Running;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Shop, Till] });
});
afterAll(() => applications.close());

describe('a DTO with class-validator', () => {
  it('that fails is refused at send, and nothing is written', async () => {
    const before = await running.rows();
    await expect(running.client.send(Shop).order(BAD)).rejects.toThrow(BadRequestException);
    await expect(running.client.call(Shop).order(BAD)).rejects.toMatchObject({
      response: { message: ['items.0.count must be a positive number'] },
    });
    const late = running.client.send(Shop, { delay: '1h', idempotencyKey: 'k' }).order(BAD);
    await expect(late).rejects.toThrow(BadRequestException);
    expect(await running.rows()).toEqual(before);
  });

  it('that holds is an instance of its class in the handler, however often it was stored', async () => {
    expect(await running.client.call(Shop).order({ ...GOOD, extra: 1 } as typeof GOOD)).toBe(
      'Order Item false none',
    );
    expect(await running.client.call(Shop).order(GOOD, 'fast')).toBe('Order Item false fast');
    const order = { ...GOOD, due: new Date(0) };
    expect(await running.client.call(Shop).due(order)).toBe(true);
  });

  it('may be sent as an instance, as controllers have it', async () => {
    const order = plainToInstance(Order, GOOD);
    expect(await running.client.call(Shop).order(order)).toBe('Order Item false none');
  });

  it('is stored as it was sent: pipes of the handler see what the sender gave', async () => {
    const { id } = await running.client.send(Shop).order({ ...GOOD, extra: 1 } as typeof GOOD);
    const [row] = await applications.query<{ input: string }>(
      `SELECT input FROM ${running.schema}.invocation WHERE id = $1`,
      [id],
    );
    expect(row?.input).toContain('extra');
  });

  it('that fails at the handler, since its sender lacks the class, is final: the body never runs', async () => {
    const { schema } = running;
    const sender = await applications.start({ schema, durable: { worker: false } });
    runs = 0;
    const handle = await sender.client.send(ShopElsewhere).order(BAD);
    await expect(handle.result()).rejects.toThrow(BadRequestException);
    expect(await handle.status()).toMatchObject({ status: 'failed', failedAttempts: 1 });
    expect(runs).toBe(0);
    expect(await sender.client.call(ShopElsewhere).order(GOOD)).toMatch(/^Order Item/);
    await sender.close();
  });

  it('that fails at a step is final for the step: it is not tried again', async () => {
    expect(await running.client.call(Shop).pay(5)).toBe('Amount 5');
    const { id, result } = await running.client.send(Shop).pay(0);
    await expect(result()).rejects.toThrow(BadRequestException);
    expect(await running.client.journal(id)).toMatchObject([{ outcome: 'error', failedTries: 1 }]);
  });

  it('that a global pipe checks is refused at send too', async () => {
    @DurableService()
    class Plain {
      @Handler()
      async order(order: Order): Promise<string> {
        return order.constructor.name;
      }
    }
    const global = await applications.start({
      providers: [Plain, { provide: APP_PIPE, useValue: new ValidationPipe({ transform: true }) }],
    });
    await expect(global.client.send(Plain).order(BAD)).rejects.toThrow(BadRequestException);
    expect(await global.rows()).toEqual({ invocations: 0, entries: 0 });
    expect(await global.client.call(Plain).order(GOOD)).toBe('Order');
    await global.close();
  });

  it('is checked against its own class, though another class and method have the same names', async () => {
    const make = (Dto: new () => object): { Shop: new () => { order(dto: object): Promise<string> } } => {
      class Shop {
        async order(dto: object): Promise<string> {
          return dto.constructor.name;
        }
      }
      Reflect.defineMetadata('design:paramtypes', [Dto], Shop.prototype, 'order');
      const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, 'order') as PropertyDescriptor;
      Handler()(Shop.prototype, 'order', descriptor);
      DurableService({ name: Dto.name })(Shop);
      return { Shop };
    };
    const [one, other] = [make(Order), make(Amount)];
    const both = await applications.start({
      providers: [
        one.Shop,
        other.Shop,
        { provide: APP_PIPE, useValue: new ValidationPipe({ transform: true }) },
      ],
    });
    expect(await both.client.call(one.Shop).order(GOOD)).toBe('Order');
    expect(await both.client.call(other.Shop).order({ cents: 1 })).toBe('Amount');
    await expect(both.client.send(other.Shop).order(GOOD)).rejects.toThrow(BadRequestException);
    await both.close();
  });
});
