import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { classify, DEFAULT_STEP_RETRY } from '../../../lib/engine/retry-policy.js';
import * as errors from '../../../lib/errors/index.js';
import { DurableError } from '../../../lib/errors/index.js';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../lib/errors');

/** One of each, made with harmless arguments: every constructor shows its message. */
const SAMPLES: readonly DurableError[] = [
  new errors.AcceptTimeoutError('i1', { cause: new Error('away') }),
  new errors.DeadlockError('Warehouse.reserve "sku"'),
  new errors.DirectoryInUseError('.durable', { pid: 1, since: new Date(0) }),
  new errors.DirectoryLostError('.durable'),
  new errors.EmbeddedOpenError('.durable', { cause: new Error('no space') }),
  new errors.InvocationNotFailedError('i1', 'running'),
  new errors.InvocationNotOverError('i1', 'running'),
  new errors.EntryNotFoundError('i1', 7),
  new errors.MissingPackageError('ioredis', 'redis'),
  new errors.SchemaTooNewError('durable', ['Later1']),
  new errors.StoreUnavailableError(
    { host: 'db', port: 5432, database: 'shop' },
    { reason: 'refused', remedy: 'Start it.', attempts: 3, cause: undefined },
  ),
  new errors.TransportClosedError('consume'),
  new errors.AttemptLostError('i1'),
  new errors.CancelledError('i1'),
  new errors.DeadlineExceededError('i1'),
  new errors.KilledError('i1'),
  new errors.PausedError('i1'),
  new errors.InvocationNotPausedError('i1'),
  new errors.ClientClosedError(),
  new errors.CompensatedError('i1'),
  new errors.CompensationFailedError('i1', 'refund', { cause: new Error('closed') }),
  new errors.CorruptValueError('$.a', 'it is not JSON'),
  new errors.DuplicateNameError('service', 'orders', 'OrderService', 'OtherService'),
  new errors.DuplicateScheduleError('nightly', 'one that a client created', 'Reports.nightly'),
  new errors.InvalidScheduleError('cron', 'is "x"', 'five or six fields'),
  new errors.ScheduleDeclaredError('nightly'),
  new errors.ScheduleNotFoundError('nightly'),
  new errors.IdempotencyConflictError('key-1', 'i1'),
  new errors.InvalidEventError('user.signup', [{ path: 'email', messages: ['email must be an email'] }]),
  new errors.UnknownEventError('The class User'),
  new errors.InvalidDecoratorError('@Step()', 'Gateway.charge', 'it is not a method'),
  new errors.InvalidDurationError('timeout', 'is "5x"', 'a duration'),
  new errors.InvalidNameError('step', '', 'a text', '@Step() Gateway.charge'),
  new errors.InvalidOptionError('worker', 'is 1', 'true or false'),
  new errors.InvalidPatternError({ cmd: 'sum' }),
  new errors.InvocationNotFoundError('i1'),
  new errors.JournalMismatchError('i1', {
    index: 3,
    recorded: { kind: 'step', name: 'a' },
    called: undefined,
  }),
  new errors.JournalTooLongError('i1', 20_000),
  new errors.NoInvocationError('DurableContext.attempt'),
  new errors.NonErrorThrownError(null, 'null'),
  new errors.NotAHandlerError('OrderService', 'total', ['checkout']),
  new errors.NothingToSkipError('i1'),
  new errors.NotRegisteredError('OrderService', 'not_decorated'),
  new errors.PayloadTooLargeError(11, 10, 'input', 'limits.payload'),
  new errors.PoisonError('i1', 3, 'charge'),
  new errors.ResultTimeoutError('i1', 1_000),
  new errors.RetryableError('busy', { retryAfter: '30s' }),
  new errors.ServerNotBoundError('no_module'),
  new errors.SurplusArgumentsError('OrderService.checkout', 1, 2),
  new errors.TerminalError('no', { details: { sku: 1 } }),
  new errors.TimeoutError('step charge', 1_000),
  new errors.UnknownHandlerError('orders', 'pay', ['checkout']),
  new errors.UnusableEnhancerError('RolesGuard', 'Gateway.charge', 'it is request-scoped'),
  new errors.UnserialisableValueError('$.a', 'a function is no data'),
  new errors.WorkerStoppedError(),
  new errors.AwakeableCompletedError('awk_a'),
  new errors.AwakeableNotFoundError('awk_a', 'it is no id of an awakeable'),
  new errors.InsideStepError('DurableContext.sleep', 'charge'),
  new errors.InvocationOverError('i1', 'signal approve'),
  new errors.NoObjectError('ObjectState.get', 'OrderService.checkout'),
  new errors.ObjectBusyError('Warehouse', 'sku'),
  new errors.ObjectKeyError('Warehouse', 'has no key', 'Give one.'),
  new errors.SharedStateError('ObjectState.set', 'Warehouse.available'),
  new errors.UnjournaledAwaitError('OrderService.checkout', 'step charge'),
  new errors.WaitTimeoutError('signal approve', 1_000),
  new errors.CallInTransactionError('DurableClient.call()'),
  new errors.NestedTransactionError('Accounts.debit', 'transfer'),
  new errors.TransactionBrokenError('Accounts.debit', 'a query failed', 'Let the error through.'),
  new errors.TransactionUnavailableError('@Step() Accounts.debit'),
];

const rows = readFileSync(join(FOLDER, 'README.md'), 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| `DURABLE_'))
  .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')))
  .map(([, code = '', name = '', when = '', todo = '']) => ({ code, name, when, todo }));

const exported = Object.entries(errors)
  .filter(([, value]) => (value as { prototype: unknown }).prototype instanceof DurableError)
  .map(([name]) => name)
  .sort();

describe('the error catalogue', () => {
  it('has a sample of every error that is exported', () => {
    expect(SAMPLES.map(({ constructor }) => constructor.name).sort()).toEqual(exported);
  });

  it('gives every error a code of its own', () => {
    const codes = SAMPLES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('lists every error in its README with its code, and no other', () => {
    const listed = rows.map(({ code, name }) => `${name} ${code}`).sort();
    expect(listed).toEqual(SAMPLES.map(({ constructor, code }) => `${constructor.name} ${code}`).sort());
  });

  it('says when each comes and what to do', () => {
    expect(rows.filter(({ when, todo }) => when.length < 10 || todo.length < 10)).toEqual([]);
  });

  it('calls those final that the retry policy ends at once', () => {
    const final = SAMPLES.filter(error => classify(error, DEFAULT_STEP_RETRY).terminal).map(
      ({ code }) => code,
    );
    expect(rows.filter(({ when }) => when.endsWith('Final')).map(({ code }) => code)).toEqual(final.sort());
  });

  it.each(SAMPLES.map(error => [error.constructor.name, error] as const))(
    'names %s after its class',
    (name, error) => {
      expect(error.name).toBe(name);
      expect(error.message).toMatch(/^.{2,400}$/s);
    },
  );

  it('documents every exported class', () => {
    expect(undocumentedClasses()).toEqual([]);
  });
});

function undocumentedClasses(): string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(FOLDER, file), 'utf8'),
        ts.ScriptTarget.ES2023,
        true,
      );
      return source.statements
        .filter(ts.isClassDeclaration)
        .filter(node => ts.getJSDocCommentsAndTags(node).length === 0)
        .map(node => `${file}: ${node.name?.text ?? ''}`);
    });
}
