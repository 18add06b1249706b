import { readFileSync } from 'node:fs';
import { MUTANTS } from '../faults/mutants.mjs';

const ROOT = new URL('../../', import.meta.url);

describe('a deliberate break of the mechanism', () => {
  it.each(MUTANTS.map(mutant => [mutant.name, mutant] as const))(
    '%s has its place in the code, once',
    (_name, { file, from }) => {
      expect(readFileSync(new URL(file, ROOT), 'utf8').split(from)).toHaveLength(2);
    },
  );
});
