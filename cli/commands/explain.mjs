// oss-edge explain

import { text as consume } from 'node:stream/consumers';

import { action } from '../action.mjs';
import { addDocumentOptions, addEndpointOption, addSecretsOption, documentFiles } from '../document-options.mjs';

const DESCRIPTION = `Find out why a device is refused: show what it should have signed, piece by piece, and try what
usually goes wrong with a signature.

The file contains what you have: a line of the functions' log (one that \`capture\` of the
configuration has captured, or another), a viewer-request event, a raw HTTP request, what
\`curl -v\` prints, a HAR file, or the text of an SDK's exception with its StringToSign. It is
recognised by its form. Without a file, or with -, standard input is read.

No secret, signature or token is printed.`;

const NO_SECRETS = 'default: none, with which no upload id verifies';

/** @param {import('commander').Command} program */
export function addExplain(program) {
  addEndpointOption(addSecretsOption(addDocumentOptions(program.command('explain')), NO_SECRETS))
    .summary('find out why a request is refused')
    .description(DESCRIPTION)
    .argument('[file]', 'what you have of the request', '-')
    .option('--now <time>', 'the time to judge requests at, as in 2026-11-24T01:52:57Z (default: their own)')
    .option('--security-tokens <file>', 'tokens that no access key has, one a line, for captured requests of derived keys')
    .option('--json', 'print one JSON line per request')
    .addHelpText(
      'after',
      '\nExit status: 0 accepted, or the cause was found, 1 a cause was not found, 2 not understood or not readable.',
    )
    .action(action(explain));
}

/** @param {any} options @param {string} file */
async function explain({ json, now: time, securityTokens, ...options }, file) {
  const { readText } = await import('../document.mjs');
  const { readDocuments } = await import('../documents.mjs');
  const { createExplainer } = await import('../explain/explainer.mjs');
  const { subjectsOf } = await import('../explain/input.mjs');
  const { report } = await import('../explain/report.mjs');
  const { withFetchedKeys } = await import('../fetched-keys.mjs');
  const { readTime } = await import('../replay.mjs');
  const { readDocumentsWasm } = await import('../wasm-file.mjs');
  const now = time === undefined ? undefined : readTime(time, '--now');
  const documents = await withFetchedKeys(await readDocuments(documentFiles(options)));
  const tokens = securityTokens === undefined ? [] : (await readText(securityTokens)).split(/\r?\n/u).filter(Boolean);
  const explainOne = createExplainer({ wasm: await readDocumentsWasm(), documents, tokens });
  const subjects = subjectsOf(await (file === '-' ? consume(process.stdin) : readText(file)), file);
  const explanations = subjects.map((subject) => explainOne(subject, now));
  const shown = explanations.map((one) => (json ? `${JSON.stringify(one)}\n` : report(one)));
  process.stdout.write(shown.join(json ? '' : '\n'));
  return explanations.every(isExplained) ? 0 : 1;
}

/** @param {import('../explain/explainer.mjs').Explanation} explanation */
function isExplained({ decision, code, cause }) {
  return decision === 'forward' || cause !== null || (code !== null && code !== 'SignatureDoesNotMatch');
}
