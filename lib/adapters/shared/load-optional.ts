import { types } from 'node:util';
import { MissingPackageError } from '../../errors/package.errors.js';

/** An optional peer dependency, and the option that asks for it. */
export interface OptionalPackage {
  readonly package: string;
  readonly option: string;
}

/**
 * Loads an optional peer dependency when it is first needed.
 *
 * `load` is a dynamic `import()` of the package, written out so that bundlers and types see it.
 *
 * @throws MissingPackageError (DURABLE_MISSING_PACKAGE) if the package is not installed. Whatever else goes wrong
 * while it loads, such as a missing dependency of its own, is thrown as it is.
 */
export async function loadOptional<T>(load: () => Promise<T>, wanted: OptionalPackage): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (isMissing(cause, wanted.package)) {
      throw new MissingPackageError(wanted.package, wanted.option, { cause });
    }
    throw cause;
  }
}

const NOT_FOUND = new Set<unknown>(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** Node (`import` and `require`) and Jest agree on the code, and on quoting what they looked for. */
function isMissing(error: unknown, packageName: string): boolean {
  return (
    types.isNativeError(error) &&
    'code' in error &&
    NOT_FOUND.has(error.code) &&
    error.message.includes(`'${packageName}'`)
  );
}
