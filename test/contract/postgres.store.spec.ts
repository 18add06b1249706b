import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPostgres } from './databases.js';
import { describeStore, poisonError } from './store.contract.js';

describeStore('the store on PostgreSQL', async () => {
  const { dataSource, close } = await openPostgres();
  return { store: new TypeOrmStore(dataSource, { poisonError }), close };
});
