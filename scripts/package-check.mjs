/**
 * Checks what users get: the packed package, by the tools that judge packages and in applications that install it.
 *
 * `node scripts/package-check.mjs` packs `dist/` as it is: build first.
 */
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createOwnedDirectory, removeOwnedDirectory, sweepLeftovers } from './owned-directories.mjs';
import { cleanEnvironment, run } from './processes.mjs';
import { CheckFailed, Report, expectSuccess } from './report.mjs';

const ROOT = join(import.meta.dirname, '..');
const FIXTURES = join(ROOT, 'test', 'package', 'fixtures');
const TARBALL = 'package.tgz';
const APPLICATION_TIMEOUT_S = 120;

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** What a user may write after `from`: every entry of the package that is code. */
const entries = Object.keys(manifest.exports)
  .filter(path => !path.endsWith('.json'))
  .map(path => manifest.name + path.slice(1));

/** The checks of the package, as {@link Report.run} takes them; they work in a directory that the caller removes. */
export function packageChecks(directory) {
  const tarball = join(directory, TARBALL);
  return [
    { name: 'package: holds what it should', run: () => pack(directory, tarball) },
    [
      applicationChecks('Nest 11, CommonJS', consumer(directory, 'nest11-cjs')),
      [
        { name: 'package: publint', run: () => tool('publint', [tarball, '--strict']) },
        { name: 'package: attw', run: () => tool('attw', [tarball, '--profile', 'node16', '--no-emoji']) },
        ...applicationChecks('Nest 12, ES modules', consumer(directory, 'nest12-esm')),
        {
          name: 'package: without optional peers: the root entry compiles (skipLibCheck off) and loads',
          run: () => checkBare(consumer(directory, 'types-only')),
        },
      ],
    ],
  ];
}

async function pack(directory, tarball) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const result = await npm(args, ROOT);
  expectSuccess(result);
  const [packed] = JSON.parse(result.stdout);
  const files = packed.files.map(({ path }) => path);
  const expected =
    /^(dist\/(esm|cjs)\/.+\.(js|d\.ts|js\.map|json)|package\.json|(README|CHANGELOG)\.md|LICENSE)$/;
  const strange = files.filter(path => !expected.test(path) || path.includes('.spec.'));
  const missing = targetsOf(manifest.exports).filter(path => !files.includes(path.slice(2)));
  copyFileSync(join(directory, packed.filename), tarball);
  if (strange.length > 0) throw new CheckFailed(`files that users do not need:\n  ${strange.join('\n  ')}`);
  if (missing.length > 0)
    throw new CheckFailed(`package.json exports what is not there:\n  ${missing.join('\n  ')}`);
}

/** All files that a part of `exports` names. */
function targetsOf(part) {
  return typeof part === 'string' ? [part] : Object.values(part).flatMap(targetsOf);
}

/** A fixture, copied to where the checkout cannot help it, that depends on the packed package. */
function consumer(directory, fixture) {
  const home = join(directory, fixture);
  const install = async () => {
    cpSync(join(FIXTURES, fixture), home, { recursive: true });
    const file = join(home, 'package.json');
    const own = JSON.parse(readFileSync(file, 'utf8'));
    own.dependencies[manifest.name] = `file:../${TARBALL}`;
    writeFileSync(file, JSON.stringify(own, null, 2));
    const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
    expectSuccess(await npm(args, home));
  };
  return { home, install };
}

function applicationChecks(title, { home, install }) {
  const compile = async () => {
    await install();
    writeFileSync(join(home, 'src', 'entries.ts'), importAll(entries));
    expectSuccess(await tsc(home));
  };
  const checks = [
    { name: `package: ${title}: installs and compiles`, run: compile },
    { name: `package: ${title}: require and import give the same`, run: () => checkSame(home, entries) },
    { name: `package: ${title}: runs`, run: () => checkGreeting(home, []) },
  ];
  if (home.endsWith('cjs')) {
    // Where ES modules cannot be required, as in Jest, applications get the CommonJS build.
    const flags = ['--no-experimental-require-module'];
    checks.push({
      name: `package: ${title}: runs on the CommonJS build`,
      run: () => checkGreeting(home, flags),
    });
  }
  return checks;
}

async function checkBare({ home, install }) {
  await install();
  expectSuccess(await tsc(home));
  await checkSame(home, [manifest.name]);
}

async function checkSame(home, names) {
  writeFileSync(join(home, 'same.mjs'), SAME);
  expectSuccess(await node(home, ['same.mjs', ...names]));
}

/** The application calls its handler, closes, and ends by itself. */
async function checkGreeting(home, flags) {
  const directory = join(home, `data${flags.length}`);
  const output = expectSuccess(await node(home, [...flags, 'build/main.js', directory]));
  if (output.trim().split('\n').at(-1) !== 'Hello, Ann')
    throw new CheckFailed(`unexpected output:\n${output}`);
}

const importAll = names =>
  `${names.map((name, i) => `import * as entry${i} from '${name}';`).join('\n')}
export const entries: object[] = [${names.map((_, i) => `entry${i}`).join(', ')}];\n`;

/** Two copies of a class would make an application lose what one of them registered. */
const SAME = `import 'reflect-metadata';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const name of process.argv.slice(2)) {
  const imported = await import(name);
  const required = require(name);
  const names = Object.keys(imported).filter(key => key !== 'default' && key !== 'module.exports');
  if (names.length === 0) throw new Error(name + ' exports nothing');
  for (const key of names) {
    if (imported[key] !== required[key]) throw new Error(name + ': there are two of ' + key);
  }
}
`;

const tsc = home => node(home, ['node_modules/typescript/bin/tsc', '-p', '.']);

const npm = (args, cwd) => run('npm', args, { cwd, env: cleanEnvironment() });

const tool = async (name, args) => {
  expectSuccess(
    await run(process.execPath, [toolPath(name), ...args], { cwd: ROOT, env: cleanEnvironment() }),
  );
};

/** The file behind `node_modules/.bin/NAME`. */
function toolPath(name) {
  const home = join(ROOT, 'node_modules', name === 'attw' ? '@arethetypeswrong/cli' : name);
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  return join(home, typeof bin === 'string' ? bin : bin[name]);
}

function node(cwd, args) {
  const env = { ...cleanEnvironment(), NODE_PATH: '' };
  return run(process.execPath, args, { cwd, env, timeoutMs: APPLICATION_TIMEOUT_S * 1000 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await sweepLeftovers();
  const directory = createOwnedDirectory('package');
  try {
    const checks = packageChecks(directory);
    const report = new Report(checks.flat(Infinity).length);
    await report.run(checks);
    process.stdout.write(`${report.summary()}\n`);
    process.exitCode = report.failed === 0 ? 0 : 1;
  } finally {
    await removeOwnedDirectory(directory);
  }
}
