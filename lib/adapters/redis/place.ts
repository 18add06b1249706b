import type { Client } from './scripts.js';

/** Where connections lead to: always to the server that serves the place at the moment. */
export interface Place {
  /**
   * A new connection, which is being made; once it is lost it does not come back.
   *
   * @param name Its name, as `CLIENT LIST` shows it.
   * @throws {Error} It is not known which server that is.
   */
  open(name: string): Promise<Client>;

  /** Whether an error of a server says that another one serves the place. */
  isElsewhere(message: string): boolean;
}

/** Where Redis is: one server, or the nodes of a Cluster. */
export interface RedisSource {
  readonly keyPrefix: string;
  /** Into how many parts the keys of a namespace are divided. */
  readonly partitions: number;
  readonly isCluster: boolean;
  /** Where a key lies, and every other with its hash tag. */
  at(key: string): Place;
  /** Any server: for channels, of which every node of a Cluster hears. */
  anywhere(): Place;
}
