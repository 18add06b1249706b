import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * What the package exports, by entry point. A change of it is a change of the public API: look at it twice, write it
 * into the changelog, then renew the snapshot with `UPDATE_API_SNAPSHOT=1 npm run jest -- test/api`.
 */
const SNAPSHOT = fileURLToPath(new URL('./api.snapshot.json', import.meta.url));
const ROOT = join(dirname(SNAPSHOT), '..');
const ENTRIES: Readonly<Record<string, string>> = {
  'nestjs-durable': 'lib/index.ts',
  'nestjs-durable/microservice': 'lib/microservice/index.ts',
  'nestjs-durable/testing': 'lib/testing/index.ts',
};

type Api = Record<string, Record<string, string>>;

function compile(): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), path => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  return ts.createProgram(
    Object.values(ENTRIES).map(entry => join(ROOT, entry)),
    { ...options, noEmit: true },
  );
}

const program = compile();
const checker = program.getTypeChecker();

/** What an export is; `type` for what exists for the compiler only. */
function kindOf(symbol: ts.Symbol): string {
  const { flags } = symbol;
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  if (flags & ts.SymbolFlags.Variable) return 'const';
  return flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias) ? 'type' : `flags ${flags}`;
}

function resolve(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function exportsOf(entry: string): ts.Symbol[] {
  const file = program.getSourceFile(join(ROOT, entry));
  const module = file && checker.getSymbolAtLocation(file);
  return module ? checker.getExportsOfModule(module) : [];
}

/** Whether `export type` stands on the way, so that nothing of it exists at run time. */
function isTypeOnly(symbol: ts.Symbol): boolean {
  if (!(symbol.flags & ts.SymbolFlags.Alias)) return false;
  if (symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration)) return true;
  const next = checker.getImmediateAliasedSymbol(symbol);
  return next !== undefined && isTypeOnly(next);
}

function api(): Api {
  return Object.fromEntries(
    Object.entries(ENTRIES).map(([name, entry]) => {
      const found = exportsOf(entry).map(symbol => {
        const kind = kindOf(resolve(symbol));
        return [symbol.name, isTypeOnly(symbol) ? 'type' : kind] as const;
      });
      return [name, Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))];
    }),
  );
}

describe('the public API', () => {
  it('is what it was', () => {
    const current = api();
    if (process.env.UPDATE_API_SNAPSHOT) writeFileSync(SNAPSHOT, `${JSON.stringify(current, null, 2)}\n`);
    expect(current).toEqual(JSON.parse(readFileSync(SNAPSHOT, 'utf8')));
  });

  it('has a docstring on every export', () => {
    const undocumented = Object.values(ENTRIES)
      .flatMap(exportsOf)
      .map(resolve)
      .filter(symbol => symbol.getDocumentationComment(checker).length === 0)
      .map(({ name }) => name);
    expect(undocumented).toEqual([]);
  });

  it('exists at run time as the compiler says', async () => {
    const current = api();
    const modules: Readonly<Record<string, object>> = {
      'nestjs-durable': await import('../lib/index.js'),
      'nestjs-durable/microservice': await import('../lib/microservice/index.js'),
      'nestjs-durable/testing': await import('../lib/testing/index.js'),
    };
    for (const [name, module] of Object.entries(modules)) {
      const values = Object.entries(current[name] ?? {}).filter(([, kind]) => kind !== 'type');
      expect(Object.keys(module).sort()).toEqual(values.map(([value]) => value).sort());
    }
  });
});
