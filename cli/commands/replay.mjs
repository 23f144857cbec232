// oss-edge replay

import { action } from '../action.mjs';
import { addDocumentOptions, addEndpointOption, addSecretsOption, documentFiles } from '../document-options.mjs';
import { UsageError } from '../usage-error.mjs';

const DESCRIPTION = `Run recorded viewer-request and origin-request events through the functions, and print what each
decides and why. For a SignatureDoesNotMatch, print the text that the device should have signed.

A file contains one event (of Lambda@Edge or of CloudFront Functions), an array of events, or
JSON lines. A line is an event or {"id":…,"now":…,"event":…,"expected":…}. The file - is
standard input. With "triggers" "origin-request" a viewer-request event is shown to origin-request as
CloudFront would show it.`;

const OWN_SECRETS = 'default: new ones, with which no recorded upload id and no origin-request event verifies';

/** @param {import('commander').Command} program */
export function addReplay(program) {
  addEndpointOption(addSecretsOption(addDocumentOptions(program.command('replay')), OWN_SECRETS))
    .summary('print what the functions decide for recorded events')
    .description(DESCRIPTION)
    .argument('[file...]', 'events')
    .option('--now <time>', 'the time to judge events at, as in 2026-11-24T01:52:57Z (default: the current time)')
    .option('--json', 'print one JSON line per event')
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 a decision differs from `expected`, 2 not understood or not readable.',
    )
    .action(action(replayFiles));
}

/** @param {any} options @param {string[]} files */
async function replayFiles({ json, now: time, ...options }, files) {
  if (files.length === 0) throw new UsageError('expected a FILE');
  const { readDocuments } = await import('../documents.mjs');
  const { withFetchedKeys } = await import('../fetched-keys.mjs');
  const { loadFunctions } = await import('../load-functions.mjs');
  const { readEntries, readTime, replay } = await import('../replay.mjs');
  const now = time === undefined ? Date.now() : readTime(time, '--now');
  const { createGate } = await import('../../js-shim/core/gate.mjs');
  const { readDocumentsWasm } = await import('../wasm-file.mjs');
  const documents = await withFetchedKeys(await readDocuments(documentFiles(options)));
  const functions = await loadFunctions(documents);
  const gate = createGate({ wasm: await readDocumentsWasm(), ...documents });
  const entries = (await Promise.all(files.map(readEntries))).flat();
  const replayed = [];
  for (const entry of entries) replayed.push(await replay(functions, gate, entry, now));
  return printed(replayed, json);
}

/**
 * @param {import('../replay.mjs').Replayed[]} replayed
 * @param {boolean | undefined} json
 * @returns {Promise<number>} the exit status
 */
async function printed(replayed, json) {
  const differences = replayed.flatMap(({ verdict, differences: found }) =>
    found.map((one) => `${verdict.id}: ${one}\n`),
  );
  if (json) {
    process.stdout.write(replayed.map(({ verdict }) => `${JSON.stringify(verdict)}\n`).join(''));
    process.stderr.write(differences.join(''));
  } else {
    const { report } = await import('../replay.mjs');
    process.stdout.write(report(replayed));
  }
  return differences.length > 0 ? 1 : 0;
}
