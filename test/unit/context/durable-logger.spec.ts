import { Logger, type LoggerService } from '@nestjs/common';
import { DurableLogger } from '../../../lib/context/durable-logger.js';
import { ScriptedAttempt } from '../../support/scripted-attempt.js';

const LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;

class Lines implements LoggerService {
  readonly lines: unknown[][] = [];
  log = (...line: unknown[]): void => void this.lines.push(['log', ...line]);
  error = (...line: unknown[]): void => void this.lines.push(['error', ...line]);
  warn = (...line: unknown[]): void => void this.lines.push(['warn', ...line]);
  debug = (...line: unknown[]): void => void this.lines.push(['debug', ...line]);
  verbose = (...line: unknown[]): void => void this.lines.push(['verbose', ...line]);
  fatal = (...line: unknown[]): void => void this.lines.push(['fatal', ...line]);
}

let lines: Lines;
beforeEach(() => {
  lines = new Lines();
  Logger.overrideLogger(lines);
});
afterEach(() => {
  Logger.overrideLogger(false);
});

describe('the logger of handlers', () => {
  it.each(LEVELS)('passes %s on to the logger of the application, with its context', level => {
    const attempt = new ScriptedAttempt();
    new DurableLogger('Shop')[level]('outside', 1);
    attempt.run(() => new DurableLogger('Shop')[level]('inside', 1));
    new DurableLogger()[level]('without');
    expect(lines.lines).toEqual([
      [level, 'outside', 1, 'Shop'],
      [level, 'inside', 1, 'Shop'],
      [level, 'without'],
    ]);
  });

  it.each(LEVELS)('is silent at %s while the handler is replayed, and not in a step', level => {
    const attempt = new ScriptedAttempt();
    const logger = new DurableLogger('Shop');
    attempt.isReplaying = true;
    attempt.run(() => logger[level]('repeated'));
    attempt.run(() => logger[level]('step'), 'charge');
    attempt.isReplaying = false;
    attempt.run(() => logger[level]('new'));
    expect(lines.lines.map(line => line[1])).toEqual(['step', 'new']);
  });

  it('may be the logger of the application itself', () => {
    const written: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
    try {
      Logger.overrideLogger(new DurableLogger());
      new DurableLogger('Shop').log('once');
      new Logger('Other').log('twice');
    } finally {
      process.stdout.write = write;
    }
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/Shop.*once/);
    expect(written[1]).toMatch(/Other.*twice/);
  });
});
