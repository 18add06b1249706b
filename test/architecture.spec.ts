import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { LAYERS, UNREACHABLE, layerOf, matches, whyForbidden } from '../scripts/layers.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LIB = join(ROOT, 'lib');

/** An import, re-export, `import()` or import type. */
interface Import {
  readonly specifier: string;
  /** Whether it loads the other module as soon as this one is loaded. */
  readonly eager: boolean;
}

interface SourceFile {
  /** Path inside `lib/`, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
  readonly imports: readonly Import[];
}

interface PackageManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const files = readSources();
const byPath = new Map(files.map(file => [file.path, file]));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageManifest;

describe('layers', () => {
  it('gives every file of lib a layer', () => {
    expect(files.filter(file => layerOf(file.path) === undefined).map(file => file.path)).toEqual([]);
  });

  it('lets imports go one way only', () => {
    const broken = files.flatMap(file =>
      file.imports
        .map(({ specifier }) => whyForbidden(file.path, specifier))
        .filter(reason => reason !== undefined)
        .map(reason => `${file.path}: ${reason}`),
    );
    expect([...new Set(broken)]).toEqual([]);
  });

  it('names only layers that exist in the table', () => {
    const named = Object.values(LAYERS).flatMap(rule => rule.imports);
    expect(named.filter(name => !(name in LAYERS))).toEqual([]);
  });

  it.each([
    ['engine/decide.ts', '../runtime/worker.js'],
    ['engine/decide.ts', 'node:crypto'],
    ['engine/decide.ts', 'uuid'],
    ['ports/store.ts', '../adapters/typeorm/postgres-store.js'],
    ['runtime/worker.ts', '../client/durable-client.js'],
    ['runtime/worker.ts', '@nestjs/common'],
    ['runtime/worker.ts', 'typeorm/driver/types.js'],
    ['adapters/redis/redis-transport.ts', '../typeorm/postgres-store.js'],
    ['adapters/redis/redis-transport.ts', '../../runtime/worker.js'],
    ['adapters/typeorm/sql/claim.ts', '@nestjs/core'],
    ['client/durable-client.ts', '../runtime/worker-loop.js'],
    ['client/durable-client.ts', '../runtime/worker/loop.js'],
    ['client/durable-client.ts', '../microservice/index.js'],
    ['backend/open-backend.ts', '../runtime/worker.js'],
    ['backend/open-backend.ts', '../client/durable-client.js'],
    ['decorators/handler.decorator.ts', '../durable.module.js'],
    ['durable.module.ts', './testing/index.js'],
    ['durable.module.ts', '../test/helpers.js'],
    ['somewhere/new.ts', '../engine/entry.js'],
  ])('refuses %s the import of %s', (file, specifier) => {
    expect(whyForbidden(file, specifier)).toEqual(expect.any(String));
  });

  it.each([
    ['engine/decide.ts', '../errors/durable-error.js'],
    ['runtime/worker.ts', 'node:os'],
    ['adapters/embedded/embedded-store.ts', '../typeorm/postgres-store.js'],
    ['adapters/redis/streams/reader.ts', '../redis-transport.js'],
    ['client/durable-client.ts', '../runtime/group-commit.js'],
    ['microservice/durable.strategy.ts', '@nestjs/microservices'],
    ['index.ts', './durable.module.js'],
    ['testing/index.ts', '../index.js'],
  ])('allows %s the import of %s', (file, specifier) => {
    expect(whyForbidden(file, specifier)).toBeUndefined();
  });
});

describe('imports', () => {
  it('have no cycle, not even of types', () => {
    expect(cycles(files.map(file => file.path))).toEqual([]);
  });

  it.each(UNREACHABLE)('never lead from $from to $to', ({ from, to }) => {
    const chains = files
      .filter(file => matches(from, file.path))
      .flatMap(file => [...reachable(file.path).values()])
      .filter(chain => to.some(pattern => matches(pattern, chain.at(-1) ?? '')))
      .map(chain => chain.join(' -> '));
    expect(chains).toEqual([]);
  });

  it('name only packages that package.json declares', () => {
    const declared = new Set([
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ]);
    const undeclared = files.flatMap(file =>
      packagesOf(file)
        .filter(({ name }) => !declared.has(name))
        .map(({ name }) => `${file.path}: ${name}`),
    );
    expect(undeclared).toEqual([]);
  });

  it('let the root entry load without any optional peer', () => {
    const optional = Object.entries(manifest.peerDependenciesMeta)
      .filter(([, meta]) => meta.optional)
      .map(([name]) => name);
    const loaded = [...reachable('index.ts')].flatMap(([path, chain]) =>
      packagesOf(byPath.get(path))
        .filter(({ name, eager }) => eager && optional.includes(name))
        .map(({ name }) => `${chain.join(' -> ')} -> ${name}`),
    );
    expect(loaded).toEqual([]);
  });
});

describe('files of lib', () => {
  it('have 350 lines at the most', () => {
    const long = files.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > 350)).toEqual([]);
  });

  it('never say any', () => {
    const found = files.flatMap(file => positions(file, node => node.kind === ts.SyntaxKind.AnyKeyword));
    expect(found).toEqual([]);
  });

  it('switch off neither the compiler nor the linter', () => {
    const switches = /@ts-(ignore|nocheck|expect-error)|eslint-disable/;
    expect(files.filter(file => switches.test(file.text)).map(file => file.path)).toEqual([]);
  });
});

function readSources(): SourceFile[] {
  return readdirSync(LIB, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const ast = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
      return { path: relative(LIB, file).split(sep).join('/'), text, ast, imports: importsOf(ast) };
    });
}

function importsOf(ast: ts.SourceFile): Import[] {
  const found: Import[] = [];
  visit(ast, node => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) found.push({ specifier, eager: isEager(node) });
  });
  return found;
}

function specifierOf(node: ts.Node): string | undefined {
  const literal =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined;
  return literal !== undefined && ts.isStringLiteral(literal) ? literal.text : undefined;
}

/** Whether it stays in the JavaScript as an import: the linter has those of types alone marked so. */
function isEager(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return !node.isTypeOnly;
  if (!ts.isImportDeclaration(node)) return false;
  const { name, namedBindings, phaseModifier } = node.importClause ?? {};
  if (phaseModifier === ts.SyntaxKind.TypeKeyword) return false;
  const onlyNamed = name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings);
  return !onlyNamed || !namedBindings.elements.every(element => element.isTypeOnly);
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, child => visit(child, look));
}

function positions(file: SourceFile, wanted: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  visit(file.ast, node => {
    if (!wanted(node)) return;
    found.push(`${file.path}:${file.ast.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
  });
  return found;
}

function targetsOf(path: string, wanted: (one: Import) => boolean): string[] {
  return (byPath.get(path)?.imports ?? [])
    .filter(one => one.specifier.startsWith('.') && wanted(one))
    .map(one => posix.join(posix.dirname(path), one.specifier).replace(/\.js$/, '.ts'));
}

function packagesOf(file: SourceFile | undefined): { name: string; eager: boolean }[] {
  return (file?.imports ?? [])
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map(({ specifier, eager }) => {
      const parts = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
      return { name: parts.join('/'), eager };
    });
}

/** Files that are loaded with one, itself included, each with a chain of imports that leads there. */
function reachable(start: string): Map<string, string[]> {
  const chains = new Map([[start, [start]]]);
  for (const [path, chain] of chains) {
    for (const target of targetsOf(path, one => one.eager)) {
      if (!chains.has(target)) chains.set(target, [...chain, target]);
    }
  }
  return chains;
}

function cycles(paths: readonly string[]): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path)) return;
    done.add(path);
    for (const target of targetsOf(path, () => true)) walk(target, [...trail, path]);
  };
  for (const path of paths) walk(path, []);
  return found;
}
