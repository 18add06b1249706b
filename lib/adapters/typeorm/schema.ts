import { EntryEntity } from './entry.entity.js';
import { InvocationEntity } from './invocation.entity.js';
import { CreateDurable1763600000000 } from './migrations/create-durable.js';
import { WorkerEntity } from './worker.entity.js';

/** Entities of a data source of the store. */
export const ENTITIES = [InvocationEntity, EntryEntity, WorkerEntity];

/** Migrations of a data source of the store, oldest first. */
export const MIGRATIONS = [CreateDurable1763600000000];
