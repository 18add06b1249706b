/**
 * Installs what package-lock.json names, if it is not installed.
 *
 * Node's own modules only: this runs before there are any others.
 */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Runs `npm ci` in `root` unless the packages are there already, in the versions of the lock file.
 *
 * @param {string} root directory of package-lock.json
 * @param {(reason: string) => void} onStart called before an install, with its reason
 * @returns {Promise<boolean>} whether it installed
 * @throws {Error} if npm failed, with what it said
 */
export async function installPackages(root, onStart = () => undefined) {
  const reason = whyInstall(root);
  if (reason === undefined) return false;
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    // `npm ci` would empty a directory that belongs to another checkout.
    throw new Error(`${reason}, and node_modules is a symbolic link: install where it points to`);
  }
  onStart(reason);
  await npmCi(root);
  return true;
}

/**
 * Why packages must be installed; `undefined` if what npm noted in node_modules is what the lock file wants.
 *
 * By content, as times of files say nothing after a checkout.
 */
export function whyInstall(root) {
  const note = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return 'no packages are installed';
  const installed = packagesOf(note);
  const wrong = Object.entries(packagesOf(join(root, 'package-lock.json'))).find(([path, wanted]) => {
    const found = installed[path];
    // Those for other systems are wanted and never installed.
    if (path === '' || (found === undefined && (wanted.optional || wanted.devOptional))) return false;
    return found?.version !== wanted.version || found?.integrity !== wanted.integrity;
  });
  return wrong && `${wrong[0]} is not as package-lock.json has it`;
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function npmCi(root) {
  // Development packages, whatever NODE_ENV says: the build and the samples need them.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: windows });
    const said = [];
    npm.stdout.on('data', chunk => said.push(chunk));
    npm.stderr.on('data', chunk => said.push(chunk));
    npm.on('error', error => reject(new Error(`npm cannot be started: ${error.message}`)));
    npm.on('close', code => {
      if (code === 0) resolve();
      else reject(new Error(`npm ci failed with code ${code}:\n${Buffer.concat(said).toString('utf8')}`));
    });
  });
}
