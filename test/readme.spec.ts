import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const testing = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8');
const model = readFileSync(join(ROOT, 'docs/programming-model.md'), 'utf8');

function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code]) => code ?? '',
  );
}

type Page = 'README' | 'testing' | 'model';

/** The blocks of all pages, by the paths of files beside the library, which they import by its name. */
const files = new Map(
  Object.entries({ README: readme, testing, model }).flatMap(([page, text]) =>
    blocks(text, 'ts').map((code, at) => [join(ROOT, 'test', `page-${page}-${at}.ts`), code]),
  ),
);
/** One for all pages: it takes seconds to read the library and what it uses. */
let program: ts.Program | undefined;

function createProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), path => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const entries = {
    'nestjs-durable': ['./lib/index.ts'],
    'nestjs-durable/microservice': ['./lib/microservice/index.ts'],
    'nestjs-durable/testing': ['./lib/testing/index.ts'],
  };
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.fileExists = path => files.has(resolve(path)) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const code = files.get(resolve(path));
    return code === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, code, ts.ScriptTarget.ES2023);
  };
  return ts.createProgram([...files.keys()], { ...options, paths: entries, noEmit: true }, host);
}

/** What the compiler says of a page's blocks; of the library itself it says enough elsewhere. */
function errorsOf(page: Page): string[] {
  const all = (program ??= createProgram());
  const own = all.getSourceFiles().filter(({ fileName }) => fileName.includes(`/test/page-${page}-`));
  expect(own.length).toBeGreaterThanOrEqual(4);
  return own
    .flatMap(file => [...all.getSyntacticDiagnostics(file), ...all.getSemanticDiagnostics(file)])
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the README', () => {
  it('has code that compiles', () => {
    expect(errorsOf('README')).toEqual([]);
  }, 120_000);

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

describe('the page about the programming model', () => {
  it('has code that compiles', () => {
    expect(errorsOf('model')).toEqual([]);
  }, 120_000);

  it('links only to what is there, and to its own headings', () => {
    const links = [...model.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path]) => path as string);
    const headings = [...model.matchAll(/^## (.+)$/gm)].map(([, title]) =>
      `#${title}`
        .toLowerCase()
        .replaceAll(/[^#a-z ]/g, '')
        .replaceAll(' ', '-'),
    );
    const isThere = (link: string): boolean =>
      link.startsWith('#') ? headings.includes(link) : existsSync(join(ROOT, 'docs', link));
    expect(links.filter(link => !isThere(link))).toEqual([]);
  });

  it('names only error codes that exist', () => {
    const catalogue = readFileSync(join(ROOT, 'lib/errors/README.md'), 'utf8');
    const codes = [...model.matchAll(/DURABLE_\w+/g)].map(([code]) => code);
    expect(codes.filter(code => !catalogue.includes(`\`${code}\``))).toEqual([]);
  });
});

describe('the page about tests', () => {
  it('has code that compiles', () => {
    expect(errorsOf('testing')).toEqual([]);
  }, 120_000);
});
