/**
 * The package and a sample as JavaScript, in a directory that looks like an application with the package installed:
 *
 *   .build/demo/<hash of all that went in>/
 *     app/*.js
 *     node_modules/nestjs-durable/{package.json, dist/esm/}
 *
 * Translated file by file and not type-checked (`npm test` does that), which takes a second or two instead of twenty.
 * What is there under its hash is up to date, and nobody else writes to it: `dist` and its builds stay out of the way.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Builds a sample, unless that is done. Several processes may do so at once.
 *
 * @param {string} root directory of the checkout, with its packages installed
 * @param {string} sample name of a directory in `sample/`
 * @returns {Promise<{ main: string, built: boolean }>} the program to run, and whether it had to be built
 */
export async function buildSample(root, sample) {
  const files = filesToBuild(root, sample);
  const builds = join(root, '.build', 'demo');
  const target = join(builds, hashOf(root, files));
  const main = join(target, 'app', 'main.js');
  if (fs.existsSync(target)) return { main, built: false };
  fs.mkdirSync(builds, { recursive: true });
  removeOld(builds);
  const draft = fs.mkdtempSync(join(builds, 'draft-'));
  writeAll(draft, files, await translator(root));
  try {
    fs.renameSync(draft, target);
  } catch (error) {
    fs.rmSync(draft, { recursive: true });
    // Another process was faster.
    if (!fs.existsSync(target)) throw error;
  }
  return { main, built: true };
}

/** The text of each file that goes in, by its path in the build. */
function filesToBuild(root, sample) {
  const files = new Map();
  const add = (from, to) => {
    for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(join(to, relative(from, path)), fs.readFileSync(path, 'utf8'));
    }
  };
  const library = join('node_modules', 'nestjs-durable');
  add(join(root, 'sample', sample), 'app');
  add(join(root, 'lib'), join(library, 'dist', 'esm'));
  files.set('package.json', '{ "type": "module", "private": true }\n');
  files.set(join(library, 'package.json'), fs.readFileSync(join(root, 'package.json'), 'utf8'));
  return files;
}

function hashOf(root, files) {
  const { version } = createRequire(import.meta.url)('typescript/package.json');
  const hash = createHash('sha256').update(version);
  for (const file of [import.meta.filename, join(root, 'tsconfig.json')]) hash.update(fs.readFileSync(file));
  for (const [path, text] of [...files].sort()) hash.update(`${path}\0${text}\0`);
  return hash.digest('hex').slice(0, 16);
}

function writeAll(directory, files, translate) {
  for (const [path, text] of files) {
    const isCode = path.endsWith('.ts');
    const file = join(directory, isCode ? path.replace(/\.ts$/, '.js') : path);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, isCode ? translate(text) : text);
  }
}

/** Loads the compiler: only now, as that alone takes a second. */
async function translator(root) {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const compilerOptions = {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    sourceMap: false,
  };
  return text => ts.transpileModule(text, { compilerOptions }).outputText;
}

/** A demo may still run on an older build, but not on one of yesterday. */
function removeOld(builds) {
  for (const name of fs.readdirSync(builds)) {
    const path = join(builds, name);
    const { mtimeMs = Infinity } = fs.statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > DAY_MS) fs.rmSync(path, { recursive: true, force: true });
  }
}
