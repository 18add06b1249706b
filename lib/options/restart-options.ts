import { fields, invalid } from './check.js';

/** Options of `DurableClient.restart()`. */
export interface RestartOptions {
  /**
   * Index of the entry of the journal (`client.journal(id)`) from which on everything is done anew. What was called
   * before it is taken over. @default 0: all is done anew
   */
  readonly from?: number;
}

const KNOWN: Readonly<Record<keyof RestartOptions, true>> = { from: true };
const MOST = 2 ** 31 - 1;

/** @throws InvalidOptionError */
export function resolveRestartOptions(options: unknown): { readonly from: number } {
  const { from = 0 } = fields<RestartOptions>(options ?? {}, 'restart(): ', KNOWN);
  if (typeof from === 'number' && Number.isInteger(from) && from >= 0 && from <= MOST) return { from };
  throw invalid('restart(): from', from, 'the index of an entry: a whole number from 0 on');
}
