import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPGlite } from './databases.js';
import { describeStore, poisonError } from './store.contract.js';

describeStore('the store on PGlite', async () => {
  const { dataSource, close } = await openPGlite();
  return { store: new TypeOrmStore(dataSource, { poisonError }), close };
});
