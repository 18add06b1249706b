// A worker (or, without a worker, a client) for the fault tests. It loads, says so, waits for its options, starts an
// application, and then does what it is asked over IPC. SIGTERM ends it in an orderly way: then nothing may keep it.
import 'reflect-metadata';
import { ConsoleLogger, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableModule } from 'nestjs-durable';
import { FAULT_POINTS } from 'nestjs-durable/testing';
import { Commands, failureOf } from './commands.js';
import { FaultSwitch } from './fault-switch.js';
import { Latches } from './latches.js';
import { LedgerWriter } from './ledger.js';
import { Follower, Listeners, ObjectPlans, Plans, StepBodies } from './plans.service.js';
import { Couriers, Interpreter, ProgramObjects, Programs } from './programs.service.js';
import type { Begin, Command, Report, Request } from './protocol.js';
import { Registers } from './registers.js';
import { skewClock } from './skewed-clock.js';

@Module({})
class FaultModule {}

let app: INestApplicationContext | undefined;
let commands: Commands | undefined;

function report(message: Report): void {
  if (process.connected) process.send?.(message);
}

async function begin({ options, ledger: path, open, fault, skewMs, timersBy }: Begin): Promise<void> {
  if (skewMs !== undefined) skewClock(skewMs, timersBy);
  const ledger = new LedgerWriter(path);
  await start(options, ledger, open, fault);
  report({ kind: 'ready' });
}

async function start(
  options: Begin['options'],
  ledger: LedgerWriter,
  open: Begin['open'],
  fault: Begin['fault'],
): Promise<void> {
  const faults = new FaultSwitch(ledger, report);
  if (fault) faults.arm(fault);
  const latches = new Latches();
  for (const name of open) latches.open(name);
  const module = {
    module: FaultModule,
    imports: [DurableModule.forRoot(Object.assign(options, { [FAULT_POINTS]: faults.reach }))],
    providers: [
      { provide: LedgerWriter, useValue: ledger },
      { provide: Latches, useValue: latches },
      StepBodies,
      Follower,
      Plans,
      ObjectPlans,
      Listeners,
      Registers,
      Interpreter,
      Programs,
      ProgramObjects,
      Couriers,
    ],
  };
  const logger = new ConsoleLogger({ colors: false });
  app = await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
  commands = new Commands(app.get(DurableClient), latches, faults, async () => {
    await app?.close();
    await start(options, ledger, open, undefined);
  });
}

async function answer(ask: number, command: Command): Promise<void> {
  try {
    if (!commands) throw new Error('the application has not started');
    report({ kind: 'answer', ask, value: await commands.run(command) });
  } catch (error) {
    report({ kind: 'answer', ask, failure: failureOf(error) });
  }
}

/** The test that started it is gone. */
function abandon(): void {
  process.exit(1);
}

process.on('message', (request: Request) => {
  if (request.kind === 'ask') void answer(request.ask, request);
  else void begin(request.begin);
});
process.once('SIGTERM', () => {
  process.off('disconnect', abandon);
  void (async () => {
    await app?.close();
    process.disconnect();
  })();
});
process.once('disconnect', abandon);
report({ kind: 'loaded' });
