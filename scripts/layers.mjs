/**
 * Which part of `lib/` may import which: the one table that ESLint (`durable/layers`) and
 * `test/architecture.spec.ts` both read.
 *
 *   engine <- ports <- { runtime, adapters/* } <- backend <- Nest-facing folders <- module files <- testing
 *
 * A folder of `lib/` is a layer; each folder of `lib/adapters/` is one of its own; the files directly in `lib/` are
 * the layer `module`. A new folder gets a row here first.
 */
import { posix } from 'node:path';

const LEAVES = ['codec', 'errors', 'options'];
const CORE = ['engine', 'ports', ...LEAVES];
const ADAPTERS = [
  'adapters/embedded',
  'adapters/local',
  'adapters/memory',
  'adapters/redis',
  'adapters/shared',
  'adapters/typeorm',
];
const NEST_FACING = [
  'client',
  'context',
  'decorators',
  'discovery',
  'execution',
  'interceptors',
  'microservice',
];
const BELOW_MODULE = [...CORE, 'runtime', ...ADAPTERS, 'backend', ...NEST_FACING];
const WITHOUT_ENTRIES = BELOW_MODULE.filter(name => name !== 'microservice');
/** To open a backend is for those that compose. */
const WITHOUT_OPENING = WITHOUT_ENTRIES.filter(name => name !== 'backend');

const ANY_PACKAGE = ['*'];
const NEST = ['@nestjs/*'];
/** Optional: only the subpath `nestjs-durable/microservice` may load it. */
const MICROSERVICES = ['@nestjs/microservices'];
const DRIVERS = ['typeorm', '@nestjs/typeorm', 'pg', 'ioredis', '@electric-sql/*'];

/**
 * Per layer: the layers it may import besides itself (`imports`), files of those that it may not all the same
 * (`except`), and the packages that it may not import (`notPackages`; `*` stands for any text).
 */
export const LAYERS = {
  engine: { imports: LEAVES, notPackages: ANY_PACKAGE },
  errors: { imports: ['engine', 'ports', 'options'], notPackages: [...NEST, ...DRIVERS] },
  ports: { imports: ['engine', ...LEAVES], notPackages: ANY_PACKAGE },
  codec: { imports: ['engine', 'ports', 'errors'], notPackages: [...NEST, ...DRIVERS] },
  options: { imports: CORE, notPackages: NEST },
  runtime: { imports: CORE, notPackages: [...NEST, ...DRIVERS] },
  ...Object.fromEntries(
    ADAPTERS.map(name => [name, { imports: [...CORE, 'adapters/shared'], notPackages: NEST }]),
  ),
  'adapters/embedded': { imports: [...CORE, 'adapters/shared', 'adapters/typeorm'], notPackages: NEST },
  // Chooses and opens the adapters, for applications that work and for those that only send.
  backend: {
    imports: [...CORE, 'runtime', ...ADAPTERS],
    except: ['runtime/worker*'],
    notPackages: [...MICROSERVICES, ...DRIVERS],
  },
  ...Object.fromEntries(
    NEST_FACING.map(name => [name, { imports: WITHOUT_OPENING, notPackages: MICROSERVICES }]),
  ),
  client: { imports: WITHOUT_OPENING, except: ['runtime/worker*'], notPackages: MICROSERVICES },
  microservice: { imports: BELOW_MODULE, notPackages: [] },
  module: { imports: WITHOUT_ENTRIES, notPackages: MICROSERVICES },
  testing: { imports: [...BELOW_MODULE, 'module'], notPackages: [] },
};

/** What must not be reached even over other files, by imports that run: `from` and `to` are patterns of files. */
export const UNREACHABLE = [{ from: 'client/*', to: ['runtime/worker*', 'microservice/*'] }];

/** The layer of a file, given by its path inside `lib/`; `undefined` if the table has no row for its folder. */
export function layerOf(file) {
  const [top, second, third] = file.split('/');
  if (second === undefined) return 'module';
  const name = top === 'adapters' && third !== undefined ? `${top}/${second}` : top;
  return Object.hasOwn(LAYERS, name) ? name : undefined;
}

/** Why a file of `lib/` may not import a specifier as it stands in the source; `undefined` if it may. */
export function whyForbidden(file, specifier) {
  const layer = layerOf(file);
  if (layer === undefined) return `lib/${file} is in no layer: give its folder a row in scripts/layers.mjs`;
  return specifier.startsWith('.')
    ? whyFileForbidden(layer, posix.join(posix.dirname(file), specifier))
    : whyPackageForbidden(layer, specifier);
}

function whyFileForbidden(layer, target) {
  if (target.startsWith('..')) return `lib must not import from outside of lib (${target})`;
  const { imports, except = [] } = LAYERS[layer];
  const to = layerOf(target);
  if (to !== layer && !imports.includes(to)) return `${layer} must not import ${to ?? target}`;
  return except.some(pattern => matches(pattern, target)) ? `${layer} must not import ${target}` : undefined;
}

function whyPackageForbidden(layer, specifier) {
  const refused = LAYERS[layer].notPackages.find(
    pattern => matches(pattern, specifier) || matches(`${pattern}/*`, specifier),
  );
  return refused === undefined ? undefined : `${layer} must not import the package ${specifier}`;
}

/** Whether a pattern, in which `*` stands for any text, covers the whole of a text. */
export function matches(pattern, text) {
  const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
