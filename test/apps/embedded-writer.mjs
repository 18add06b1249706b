// Opens the embedded database of a directory, says 'opened' or the error's code, then inserts rows one after the
// other, each in a transaction, and sends the id of each that was committed, until it is killed or told 'close'.
import { EntitySchema } from 'typeorm';
import { openEmbeddedDatabase } from '../../dist/esm/adapters/embedded/embedded-database.js';
import { runMigrations } from '../../dist/esm/adapters/typeorm/migrate.js';

const [directory] = process.argv.slice(2);
const Note = new EntitySchema({
  name: 'note',
  columns: { id: { type: 'bigint', primary: true }, body: { type: 'text' } },
});
class CreateNote1700000000001 {
  async up(runner) {
    const { schema } = runner.dataSource.options;
    await runner.query(`CREATE TABLE "${schema}".note (id bigint PRIMARY KEY, body text NOT NULL)`);
  }
}

let closing = false;
process.on('message', message => {
  if (message === 'close') closing = true;
});

let database;
try {
  const logger = { log() {}, warn() {}, error: message => process.send(message) };
  const tables = { entities: [Note], migrations: [CreateNote1700000000001] };
  database = await openEmbeddedDatabase({ directory, schema: 'durable', ...tables, logger });
  await runMigrations(database.dataSource, 'durable');
  process.send('opened');
  const [{ last }] = await database.dataSource.query('SELECT coalesce(max(id), 0) AS last FROM durable.note');
  for (let id = Number(last) + 1; !closing; id++) {
    await database.dataSource.transaction(async manager => {
      await manager.insert(Note, { id, body: 'first' });
      await manager.update(Note, { id }, { body: `committed ${id}` });
    });
    process.send(id);
  }
} catch (error) {
  process.send(error.code ?? error.message);
}
await database?.close();
process.send('closed');
process.disconnect();
