import { join, relative, sep } from 'node:path';
import { whyForbidden } from './layers.mjs';

const LIB = join(import.meta.dirname, '..', 'lib');

/** ESLint rule `durable/layers`: imports of `lib/` keep to the table of `layers.mjs`. */
const layers = {
  meta: { type: 'problem', schema: [], messages: { forbidden: '{{reason}} (see scripts/layers.mjs)' } },
  create(context) {
    const file = relative(LIB, context.filename).split(sep).join('/');
    const check = source => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const reason = whyForbidden(file, source.value);
      if (reason !== undefined) context.report({ node: source, messageId: 'forbidden', data: { reason } });
    };
    return {
      ImportDeclaration: node => check(node.source),
      ImportExpression: node => check(node.source),
      ExportAllDeclaration: node => check(node.source),
      ExportNamedDeclaration: node => check(node.source),
      TSImportType: node => check(node.source),
    };
  },
};

export default { rules: { layers } };
