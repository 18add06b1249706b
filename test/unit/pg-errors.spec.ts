import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { classify } from '../../lib/adapters/typeorm/pg-errors.js';

function coded(code: string, fields: object = {}): Error {
  return Object.assign(new Error(`error ${code}`), { code, ...fields });
}

const transientStates = [
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '08P01',
  '25006',
  '25P03',
  '40001',
  '40003',
  '40P01',
  '53100',
  '53200',
  '53300',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
];
const permanentStates = [
  '0A000',
  '22003',
  '22P05',
  '23505',
  '25P02',
  '28000',
  '28P01',
  '3D000',
  '3F000',
  '40002',
  '42501',
  '42601',
  '42P01',
  '57P04',
  'P0001',
  'XX000',
  'XX001',
];
const transientCodes = [
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
];
const transientMessages = [
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Query runner already released. Cannot run queries anymore.',
];
const permanentMessages = [
  'The server does not support SSL connections',
  'received invalid response: 48',
  'Cannot use a pool after calling end on the pool',
  'Called end on pool more than once',
  'the answer says: Connection terminated',
];

describe('classify', () => {
  it.each(transientStates)('SQLSTATE %s is transient', state => {
    expect(classify(coded(state))).toBe('transient');
  });

  it.each(permanentStates)('SQLSTATE %s is permanent', state => {
    expect(classify(coded(state))).toBe('permanent');
  });

  it.each(transientCodes)('the socket error %s is transient', code => {
    expect(classify(coded(code))).toBe('transient');
  });

  it.each(['EACCES', 'EPERM', 'ENOENT', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'the error %s is permanent',
    code => {
      expect(classify(coded(code))).toBe('permanent');
    },
  );

  it('a Unix socket that is not there yet is transient', () => {
    expect(classify(coded('ENOENT', { syscall: 'connect' }))).toBe('transient');
  });

  it.each(transientMessages)('"%s", which has no code, is transient', message => {
    expect(classify(new Error(message))).toBe('transient');
  });

  it.each(permanentMessages)('"%s", which has no code, is permanent', message => {
    expect(classify(new Error(message))).toBe('permanent');
  });

  it('a query runner or manager that lost its connection between two statements is transient', () => {
    expect(classify(new QueryRunnerAlreadyReleasedError())).toBe('transient');
    expect(classify(new QueryRunnerProviderAlreadyReleasedError())).toBe('transient');
  });

  it('looks through the wrapper of TypeORM', () => {
    const lost = new QueryFailedError('SELECT 1', [], new Error('Connection terminated unexpectedly'));
    expect(classify(lost)).toBe('transient');
    expect(classify(new QueryFailedError('SELECT 1', [], coded('40P01')))).toBe('transient');
    expect(classify(new QueryFailedError('SELECT 1', [], coded('23505')))).toBe('permanent');
  });

  it('looks through causes and through one failure per address of a host', () => {
    expect(classify(new Error('outer', { cause: coded('ECONNRESET') }))).toBe('transient');
    expect(classify(new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]))).toBe('transient');
  });

  it('a SQLSTATE decides, whatever its cause', () => {
    expect(classify(Object.assign(coded('23505'), { cause: coded('ECONNRESET') }))).toBe('permanent');
  });

  it.each([undefined, null, 'ECONNRESET', 42, {}])('%p, which is no error, is permanent', value => {
    expect(classify(value)).toBe('permanent');
  });

  it('an error that is its own cause ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(classify(error)).toBe('permanent');
  });
});
