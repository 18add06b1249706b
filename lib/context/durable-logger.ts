import {
  ConsoleLogger,
  Injectable,
  Logger,
  Optional,
  type LoggerService,
  type LogLevel,
} from '@nestjs/common';
import { currentScope } from '../runtime/scope.js';

/**
 * Nest's logger for handlers: silent while a replay repeats what the handler said before.
 *
 * A handler that goes on after a crash, or a long wait, runs again from its start; with this logger each line comes
 * once. Within steps, which are not repeated, and outside of invocations it logs as Nest's `Logger` does, to wherever
 * the application has its logs go. A line that a process died with may be missing, or come twice.
 *
 * @example
 * ```ts
 * @DurableService()
 * export class OrderService {
 *   private readonly logger = new DurableLogger(OrderService.name); // or injected, without a context
 *
 *   @Handler()
 *   async checkout(order: CheckoutDto): Promise<void> {
 *     this.logger.log(`checkout of ${order.id}`); // once, however often it is replayed
 *     await this.durable.sleep('3d');
 *     this.logger.log(`three days later: ${order.id}`);
 *   }
 * }
 * ```
 */
@Injectable()
export class DurableLogger implements LoggerService {
  private readonly logger: Logger;
  private isPassing = false;
  private fallback: ConsoleLogger | undefined;

  /** @param context what the lines are about: the name of the class, as a rule */
  constructor(@Optional() context?: string) {
    this.logger = context === undefined ? new Logger() : new Logger(context);
  }

  log(message: unknown, ...more: unknown[]): void {
    this.pass('log', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.pass('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.pass('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.pass('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.pass('verbose', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.pass('fatal', message, more);
  }

  /** Levels of the application: they count where this is the logger that `app.useLogger()` was given. */
  setLogLevels(levels: LogLevel[]): void {
    this.console.setLogLevels(levels);
  }

  private pass(level: LogLevel, message: unknown, more: unknown[]): void {
    if (isRepeated()) return;
    // It may be the application's own logger, to which Nest's passes on.
    if (this.isPassing) return this.console[level](message, ...more);
    this.isPassing = true;
    try {
      this.logger[level](message, ...more);
    } finally {
      this.isPassing = false;
    }
  }

  private get console(): ConsoleLogger {
    return (this.fallback ??= new ConsoleLogger());
  }
}

/** Whether the running code said it before: a handler that is replayed, and no step, since those are not repeated. */
function isRepeated(): boolean {
  const scope = currentScope();
  return scope !== undefined && !scope.step && scope.attempt.isReplaying;
}
