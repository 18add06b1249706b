/**
 * Applies mutants (test/faults/mutants.mjs) to copies of the tree, one after the other, and expects their tests to fail.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cleanEnvironment, run } from './processes.mjs';
import { CheckFailed, expectSuccess } from './report.mjs';
import { runJest } from './run-jest.mjs';
import { ROOT } from './test-bed.mjs';

/**
 * A check that passes if the tests of a mutant fail, and not merely do not compile.
 *
 * @returns {Promise<{ passed: number, failed: number, text: string }>} the text names the tests that caught it.
 */
export async function expectCaught(mutant, { directory, environment }) {
  const copy = join(directory, `mutant-${mutant.name}`);
  await copyTree(copy);
  try {
    mutate(copy, mutant);
    for (const script of ['build', 'build:apps'])
      expectSuccess(await run('npm', ['run', '--silent', script], { cwd: copy, env: cleanEnvironment() }));
    const output = join(directory, `output-${mutant.name}`);
    mkdirSync(output);
    const args = [
      ...(mutant.pattern ? ['--testNamePattern', mutant.pattern] : []),
      '--silent',
      '--runTestsByPath',
    ];
    const jest = {
      root: copy,
      directory: output,
      environment,
      args: [...args, ...mutant.tests],
      capture: true,
    };
    const { failedNames, text: told, broken } = await runJest(jest);
    if (failedNames.length === 0)
      throw new CheckFailed([`not caught: ${mutant.breaks}`, told, ...broken].join('\n').trimEnd());
    const text = `  ${mutant.breaks}\n  caught by ${failedNames.length}: ${failedNames[0]}\n`;
    return { passed: 1, failed: 0, text };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What is under version control, or would be, as it is now; packages are shared. */
async function copyTree(copy) {
  const list = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT });
  expectSuccess(list);
  for (const file of list.output.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}

function mutate(copy, { name, file, from, to }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2)
    throw new CheckFailed(`mutant ${name}: ${file} does not have this exactly once: ${from}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
}
