import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code]) => code ?? '',
  );
}

/** Compiles sources that stand beside the library, which they import by its name. */
function compile(sources: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), path => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const entries = {
    'nestjs-durable': ['./lib/index.ts'],
    'nestjs-durable/microservice': ['./lib/microservice/index.ts'],
  };
  const host = ts.createCompilerHost(options);
  const files = new Map(sources.map((code, at) => [join(ROOT, 'test', `readme-${at}.ts`), code]));
  const getSourceFile = host.getSourceFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.fileExists = path => files.has(resolve(path)) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const code = files.get(resolve(path));
    return code === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, code, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...files.keys()], { ...options, paths: entries, noEmit: true }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the README', () => {
  it('has code that compiles', () => {
    expect(blocks('ts').length).toBeGreaterThanOrEqual(4);
    expect(compile(blocks('ts'))).toEqual([]);
  }, 60_000);

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string);
    expect(named.filter(name => !(name in scripts))).toEqual([]);
    expect(scripts).toHaveProperty('test');
  });

  it('links only to what is there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path as string);
    expect(links.filter(path => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has every option of the module in its table, and no other', () => {
    const source = readFileSync(join(ROOT, 'lib/options/durable-options.ts'), 'utf8');
    const [, body = ''] = /export interface DurableModuleOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
    const options = [...body.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, name]) => name);
    const rows = [...readme.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(options.sort());
  });
});
