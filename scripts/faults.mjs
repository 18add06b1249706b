/**
 * `npm run faults`: attacks the promises, scenario by scenario, for as long as it is told to, and reports.
 *
 * A scenario is a test of `test/` whose `describe` begins with its id (S07). `npm test` runs the short form of each; here
 * it is the long form, one scenario after the other. What it showed goes to `.faults/report.md` and `report.json`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../test/faults/mutants.mjs';
import { minutesOf, parseMinutes } from './faults-minutes.mjs';
import { writeFaultsReport } from './faults-report.mjs';
import { expectCaught } from './mutation.mjs';
import { runJest } from './run-jest.mjs';
import { findScenarios } from './scenarios.mjs';
import { ROOT, prepare, preparations, runChecks } from './test-bed.mjs';

const HELP = `npm run faults -- [--scenario S01,S07] [--minutes 5] [--seed 42]
  --scenario  ids of the scenarios to run, or all (default)
  --minutes   for how long each goes on that can go on (default 1); of some of them: 2,S01=10,S39=20
  --seed      of all random choices: the one that a failed run printed
  --list      prints the scenarios and where they are
  --mutants   breaks the mechanism on purpose, in one way after the other, and expects the tests to go red
  --mutant    the same, for mutants of these names`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    list: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const scenarios = findScenarios(ROOT);

if (values.help) leave(HELP, 0);
if (values.list)
  leave(
    scenarios.map(({ id, titles, files }) => `${id}  ${titles[0]}\n     ${files.join(' ')}`).join('\n'),
    0,
  );

if (values.mutants || values.mutant !== undefined) await runMutants(values.mutant);

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
if (!Number.isInteger(seed)) leave(`--seed ${values.seed}: must be a whole number\n${HELP}`, 2);
const chosen = choose(values.scenario, scenarios, ({ id }) => id, '--scenario');
const minutes = budget(values.minutes);

await runChecks(bed => {
  const output = join(ROOT, '.faults');
  const results = [];
  return [
    ...preparations(bed).map(step => ({ ...step, run: () => prepare(step.run) })),
    ...chosen.map((scenario, at) => ({
      name: `${scenario.id}, ${at + 1} of ${chosen.length} scenarios, ${minutesOf(minutes, scenario.id)} min`,
      run: () => attack(scenario, bed, results),
    })),
    {
      name: 'report',
      run: () => prepare(() => writeFaultsReport({ root: ROOT, output, results, minutes, seed })),
    },
  ];
});

/** Runs a scenario's tests alone, by their id. */
async function attack({ id, titles, files }, { directory, environment }, results) {
  const figures = join(directory, `figures-${id}`);
  mkdirSync(figures);
  const since = Date.now();
  const tally = await runJest({
    root: ROOT,
    directory,
    environment: {
      ...environment,
      DURABLE_TEST_FULL: '1',
      DURABLE_TEST_SEED: String(seed),
      DURABLE_FAULTS_MINUTES: String(minutesOf(minutes, id)),
      DURABLE_FAULTS_REPORT: figures,
    },
    args: ['--runInBand', '--testNamePattern', `\\b${id}\\b`, '--runTestsByPath', ...files],
  });
  results.push({ id, title: titles[0], tally, figures, seconds: Math.round((Date.now() - since) / 1_000) });
  return tally;
}

async function runMutants(list) {
  const mutants = choose(list, MUTANTS, ({ name }) => name, '--mutant');
  await runChecks(bed => [
    ...preparations(bed).map(step => ({ ...step, run: () => prepare(step.run) })),
    ...mutants.map(mutant => ({ name: mutant.name, run: () => expectCaught(mutant, bed) })),
  ]);
}

/** Those that a list names, or all. */
function choose(list, all, nameOf, option) {
  if (list === undefined || list === 'all') return all;
  return list.split(',').map(wanted => {
    const found = all.find(one => nameOf(one).toLowerCase() === wanted.trim().toLowerCase());
    return found ?? leave(`${option} ${wanted}: there is ${all.map(nameOf).join(', ')}`, 2);
  });
}

function budget(text) {
  try {
    return parseMinutes(
      text,
      chosen.map(({ id }) => id),
    );
  } catch (error) {
    return leave(`${error.message}\n${HELP}`, 2);
  }
}

function leave(text, code) {
  process[code === 0 ? 'stdout' : 'stderr'].write(`${text}\n`);
  process.exit(code);
}
