/**
 * `npm test`: everything from a bare checkout to one line, `N passed, N failed`.
 *
 * Installs if it must, brings PostgreSQL and Redis servers of its own (or takes those of DURABLE_TEST_POSTGRES and
 * DURABLE_TEST_REDIS), runs every check, and ends whatever it started, also after a signal. With arguments it builds
 * and hands them to Jest, without the other checks.
 */
import process from 'node:process';
import { packageChecks } from './package-check.mjs';
import { runJest } from './run-jest.mjs';
import { ROOT, prepare, preparations, runChecks, script } from './test-bed.mjs';

const args = process.argv.slice(2);

await runChecks(bed => {
  const { directory, environment } = bed;
  const jest = { name: 'jest', run: () => runJest({ root: ROOT, args, directory, environment }) };
  const before = preparations(bed);
  if (args.length > 0) return [...before.map(step => ({ ...step, run: () => prepare(step.run) })), jest];
  return [
    ...before,
    [
      { name: 'lint', run: () => script('lint') },
      [
        { name: 'format', run: () => script('format:check') },
        { name: 'types', run: () => script('typecheck') },
      ],
    ],
    jest,
    ...packageChecks(directory),
  ];
});
