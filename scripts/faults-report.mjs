import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeMinutes } from './faults-minutes.mjs';
import { TOTALS, totalsOf } from '../test/faults/totals.mjs';

/**
 * Writes `report.md` and `report.json` of a run of `npm run faults` into a directory, and prints the former.
 *
 * @param {object} options `results`: of each scenario its `id`, `title`, `tally` of tests, `seconds`, and the directory
 *   `figures` with what its trials left (see test/faults/support/trial.ts); `minutes`: see `parseMinutes`.
 */
export async function writeFaultsReport({ root, output, results, minutes, seed }) {
  const scenarios = results.map(({ figures, tally: { passed, failed }, ...rest }) => ({
    ...rest,
    passed,
    failed,
    trials: existsSync(figures)
      ? readdirSync(figures)
          .sort()
          .map(file => read(join(figures, file)))
      : [],
  }));
  const report = {
    at: new Date().toISOString(),
    machine: machine(),
    commit: commit(root),
    minutes: describeMinutes(minutes),
    seed,
    totals: totalsOf(scenarios.flatMap(({ trials }) => trials)),
    scenarios,
  };
  mkdirSync(output, { recursive: true });
  const text = toMarkdown(report);
  writeFileSync(join(output, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(join(output, 'report.md'), text);
  process.stdout.write(`\n${text}\n`);
}

/** What a run has shown, for people. */
export function toMarkdown({ at, machine: place, commit: version, minutes, seed, totals, scenarios }) {
  const rows = scenarios.map(({ id, title, passed, failed, seconds, trials }) => {
    const shown = trials.map(({ variant, figures }) => `${variant}: ${toText(figures)}`).join('<br>');
    return `| ${id} ${title} | ${failed === 0 ? `${passed} passed` : `**${failed} failed**, ${passed} passed`} | ${seconds} | ${shown} |`;
  });
  return [
    '# Faults',
    '',
    `${at}, commit ${version}, ${place}; ${minutes}, seed ${seed}.`,
    '',
    '## Totals',
    '',
    'Of all trials below. What nobody counted is 0.',
    '',
    '| figure | total | |',
    '| --- | --- | --- |',
    ...Object.entries(totals).map(([name, total]) => `| ${name} | ${total} | ${TOTALS[name] ?? ''} |`),
    '',
    '## Scenarios',
    '',
    '| scenario | tests | s | figures |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function toText(figures) {
  return Object.entries(figures)
    .map(([what, figure]) =>
      typeof figure === 'number'
        ? `${figure} ${what}`
        : `${what} p50 ${figure.p50}, p99 ${figure.p99}, max ${figure.max} (${figure.samples})`,
    )
    .join(', ');
}

function machine() {
  return `Node.js ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()})`;
}

function commit(root) {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
