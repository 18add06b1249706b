import { addressOf } from '../../lib/adapters/typeorm/postgres-address.js';
import { checkSchemaName, quoteSchema } from '../../lib/adapters/typeorm/schema-name.js';
import { InvalidOptionError } from '../../lib/errors/options.errors.js';

describe('schema name', () => {
  it.each(['durable', '_x', 'a', 'a'.repeat(63), 's_1'])('%s is taken, and quoted', name => {
    expect(checkSchemaName(name)).toBe(name);
    expect(quoteSchema(name)).toBe(`"${name}"`);
  });

  it.each(['', '1a', 'A', 'a-b', 'a b', 'a"; DROP TABLE x; --', 'a.b', 'ä', 'a\n', 'pg_x', 'a'.repeat(64)])(
    '%p is refused by the name of the option',
    name => {
      expect(() => checkSchemaName(name)).toThrow(InvalidOptionError);
      expect(() => quoteSchema(name)).toThrow(/^Option "schema" is /);
    },
  );
});

describe('address of a PostgreSQL', () => {
  it.each([
    ['postgres://u:p@db.example:6432/app', 'db.example', 6432, 'app'],
    ['postgresql://db/app?sslmode=require', 'db', 5432, 'app'],
    ['postgres://u:p%40%2F%23@db/my%20app', 'db', 5432, 'my app'],
    ['postgres:///app?host=/run/postgresql', '/run/postgresql', 5432, 'app'],
    ['postgres://[::1]:5433/app', '[::1]', 5433, 'app'],
  ])('%s', (url, host, port, database) => {
    expect(addressOf({ url })).toEqual({ host, port, database });
  });

  it('comes from the fields of a connection', () => {
    expect(addressOf({ host: 'db', port: 1, database: 'app', password: 'canary' })).toEqual({
      host: 'db',
      port: 1,
      database: 'app',
    });
  });

  it.each([
    'postgres://user:canary#x@db/app',
    'postgres://user:12#canary@db/app',
    'postgres://user:12/canary@db/app',
    'postgres://user:12?canary@db/app',
    'mysql://user:canary@db/app',
    'canary',
    '',
  ])('%p is refused without being repeated', url => {
    expect(() => addressOf({ url })).toThrow(InvalidOptionError);
    expect(() => addressOf({ url })).not.toThrow(/canary/);
  });
});
