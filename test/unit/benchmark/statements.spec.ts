import pg from 'pg';
import { countStatements, leaveOut, ownStatements } from '../../../benchmark/statements.js';

test('counts what is asked of PostgreSQL, but for what the benchmark asks itself', () => {
  const [library, own] = [new pg.Client(), new pg.Client()];
  leaveOut(own);
  // Nobody is connected: what is asked waits for ever.
  const ask = (client: pg.Client): unknown => client.query('select 1');
  ask(library);
  expect(ownStatements()).toBe(0);
  countStatements();
  for (const client of [library, own, library]) ask(client);
  expect(ownStatements()).toBe(2);
});
