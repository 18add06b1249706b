import type { EntityManager } from 'typeorm';

/** What parts of the store use of its data source. */
export interface Source {
  query<Row>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /** At the isolation of the store, whatever the server's default is. */
  transaction<T>(run: (manager: EntityManager) => Promise<T>): Promise<T>;
}
