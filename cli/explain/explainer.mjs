// Finds out why a request's signature is wrong: shows what should have been signed, and tests what usually goes wrong.

import { createExaminer } from '../../js-shim/core/examiner.mjs';
import { createGate } from '../../js-shim/core/gate.mjs';
import { adviceOf, rulesOf } from './advice.mjs';
import { eventRequestOf } from './http-message.mjs';
import { hypothesesOf } from './hypotheses.mjs';
import { configurationHypotheses } from './configuration-hypotheses.mjs';
import { provesOf } from './input.mjs';
import { withKnownTokens } from './known-tokens.mjs';
import { shownForm, shownText } from './shown.mjs';
import { decoded, formOf, textsOf } from './signed-text.mjs';

/**
 * @typedef {import('./input.mjs').Subject} Subject
 * @typedef {import('./hypotheses.mjs').Context} Context
 * @typedef {import('./hypotheses.mjs').Hypothesis} Hypothesis
 * @typedef {import('./signed-text.mjs').Form} Form
 * @typedef {import('../../js-shim/core/examiner.mjs').Signer} Signer
 *
 * @typedef {object} Presented
 * @property {string} accessKeyId
 * @property {string} signature or `sha256-` and its hash
 * @property {string} stringToSign
 * @property {string} [canonicalRequest]
 * @property {string} [style]
 *
 * @typedef {object} Cause that was found
 * @property {string[]} hypotheses their names: one, or a pair that holds together
 * @property {string[]} advice a sentence each
 * @property {string} [accessKeyId] whose secret it verifies with
 * @property {string} [generation] of the secret
 *
 * @typedef {object} Explanation one line of `--json`; scripts rely on the fields
 * @property {string} id
 * @property {import('./input.mjs').InputForm} input
 * @property {'forward' | 'deny' | null} decision null where it isn't known
 * @property {string | null} code
 * @property {string | null} detail
 * @property {string | null} accessKeyId
 * @property {string | null} scheme
 * @property {string | null} judgedAt the time of the decision
 * @property {'right' | 'wrong' | 'unknown'} signature
 * @property {Cause | null} cause
 * @property {number} tested how many forms were tried
 * @property {string | null} advice for the code
 * @property {string} proves what the input's form proves, and what it can't
 * @property {string[]} notes
 * @property {Record<string, unknown> | null} form the pieces that should have been signed
 * @property {string | null} stringToSign
 * @property {string | null} canonicalRequest
 */

/** The most forms that are tried: enough for most pairs of hypotheses, and done in a second or two. */
const MAX_TESTED = 20_000;

/**
 * @param {object} options
 * @param {Uint8Array<ArrayBuffer>} options.wasm the contents of `oss_edge_documents.wasm`
 * @param {{ config: unknown, accessKeys: unknown, secrets?: unknown }} options.documents checked; without secrets no
 *   upload id verifies
 * @param {string[]} [options.tokens] security tokens that no access key has
 * @param {number} [options.maxTested] how many forms are tried at most; single hypotheses always are
 * @returns {(subject: Subject, now?: number) => Explanation}
 */
export function createExplainer({ wasm, documents, tokens = [], maxTested = MAX_TESTED }) {
  const gate = createGate({ wasm, ...documents });
  const examiner = createExaminer({ wasm, ...documents });
  const config = /** @type {any} */ (documents.config);

  return (subject, now) => {
    const { line, error } = subject;
    const { request, missing } = withKnownTokens(subject.request, documents.accessKeys, tokens);
    const event = request && eventRequestOf(request);
    const signed = event && examiner.signedRequest(event);
    const time = now ?? request?.time ?? ownTimeOf(signed) ?? Date.now();
    const decision = event && subject.form !== 'captured-line' ? gate.decide(event, 'explain', time) : undefined;
    const presented = signed && 'stringToSign' in signed ? signed : presentedOf(error);
    const form = presented && formOf(presented);
    const refusal = signed && 'refusal' in signed ? signed.refusal : undefined;
    const testable = missing === undefined && presented?.signature !== undefined;
    const found =
      form && presented && testable
        ? causeOf(presented, form, contextOf(subject, presented), time)
        : event && refusal !== undefined && !line
          ? { ...NOTHING, ...configurationHypotheses({ wasm, documents, request: event, time }) }
          : NOTHING;
    const code = decision
      ? decision.decision === 'refuse'
        ? decision.code
        : null
      : (textOf(line?.code) ?? error?.code ?? null);
    const detail = decision
      ? decision.decision === 'refuse'
        ? decision.detail
        : null
      : (textOf(line?.detail) ?? refusal ?? null);
    const outcome = decision
      ? decision.decision === 'forward'
        ? 'forward'
        : 'deny'
      : (line?.decision ?? (error || line?.code ? 'deny' : null));
    const accessKeyId = presented?.accessKeyId ?? textOf(line?.accessKeyId);
    const isOutsideRules = code === 'AccessDenied' && detail?.includes('`allow`');
    const rules = isOutsideRules && accessKeyId !== null ? rulesOf(documents.accessKeys, accessKeyId) : undefined;
    return {
      id: subject.id,
      input: subject.form,
      decision: /** @type {'forward' | 'deny' | null} */ (outcome),
      code,
      detail: detail && shownText(detail),
      accessKeyId,
      scheme: (signed && 'scheme' in signed ? signed.scheme : undefined) ?? textOf(line?.scheme),
      judgedAt: decision ? new Date(time).toISOString() : (textOf(line?.time) ?? null),
      signature: found.isRight ? 'right' : testable && form ? 'wrong' : 'unknown',
      cause: outcome === 'forward' ? null : found.cause,
      tested: found.tested,
      advice: adviceOf(code ?? undefined) ?? null,
      proves: provesOf(subject.form, textOf(outcome), code),
      notes: [...(rules === undefined ? [] : [rules]), ...notesOf(subject, missing, presented, form)],
      form: form ? shownForm(form) : null,
      stringToSign: presented ? shownText(presented.stringToSign) : null,
      canonicalRequest: presented?.canonicalRequest === undefined ? null : shownText(presented.canonicalRequest),
    };
  };

  /** @param {Subject} subject @param {Presented} presented @returns {Context} */
  function contextOf({ request, error }, { style = '' }) {
    const host = request?.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? error?.host ?? '';
    const query = (request?.query ?? '').split('&').filter((text) => text !== '');
    return {
      host: host.replace(/:\d+$/u, ''),
      style,
      buckets: Object.keys(config.buckets),
      hosts: config.hosts.map((/** @type {{ host: string }} */ { host: one }) => one.replace(/^\*\./u, '')),
      regions: config.signatureRegions ?? [],
      sent: request?.headers ?? [],
      path: request?.path ?? '',
      query: query.map(
        (text) =>
          /** @type {[string, string]} */ ([
            decoded(text.split('=', 1)[0]),
            decoded(text.slice(text.split('=', 1)[0].length + 1)),
          ]),
      ),
      body: request?.body,
    };
  }

  /**
   * @param {Presented} presented @param {Form} form @param {Context} context @param {number} now
   * @returns {{ isRight: boolean, cause: Cause | null, tested: number }}
   */
  function causeOf(presented, form, context, now) {
    let tested = 0;
    /** @param {Form} changed @param {string} [signature] @param {'own' | 'any'} [whose] */
    const signersOf = (changed, signature = presented.signature, whose = 'own') => {
      tested += 1;
      const { stringToSign, scope } = textsOf(changed);
      return examiner.signers({ accessKeyId: presented.accessKeyId, signature, stringToSign, scope }, whose, now);
    };
    const right = signersOf(form);
    if (right.some(({ fault }) => fault === undefined)) return { isRight: true, cause: null, tested };
    const other = right[0] ?? signersOf(form, presented.signature, 'any')[0];
    if (other !== undefined) return { isRight: false, cause: causeOfSecret(other, presented), tested };
    for (const signature of spellingsOf(presented.signature)) {
      const [signer] = signersOf(form, signature);
      if (signer !== undefined) return { isRight: false, cause: causeOfHypotheses([SPELLING], signer), tested };
    }
    const singles = hypothesesOf(form, context);
    for (const one of singles) {
      const [signer] = signersOf(one.form);
      if (signer !== undefined) return { isRight: false, cause: causeOfHypotheses([one], signer), tested };
    }
    for (const one of singles) {
      for (const two of hypothesesOf(one.form, context)) {
        if (tested >= maxTested) return { isRight: false, cause: null, tested };
        const [signer] = signersOf(two.form);
        if (signer !== undefined) return { isRight: false, cause: causeOfHypotheses([one, two], signer), tested };
      }
    }
    return { isRight: false, cause: null, tested };
  }
}

const NOTHING = Object.freeze({ isRight: false, cause: null, tested: 0 });

const SPELLING = {
  name: 'signature-encoding',
  advice:
    'The signature itself is right and written differently: a `+` of it became a blank in the URL, or it is in ' +
    'another base64 or in capitals. Percent-encode it in URLs, and write base64 with padding, or hexadecimal digits in ' +
    'lower case.',
};

/** Other spellings of a signature, one of which may have been meant. @param {string} signature */
function spellingsOf(signature) {
  const others = [
    signature.replaceAll(' ', '+'),
    signature.replaceAll('-', '+').replaceAll('_', '/'),
    signature.toLowerCase(),
    signature.trim(),
    `${signature}=`,
    Buffer.from(signature, 'hex').toString('base64'),
    decoded(signature),
  ];
  return new Set(signature.startsWith('sha256-') ? [] : others.filter((other) => other !== signature && other !== ''));
}

/** @param {Signer} signer @param {Presented} presented @returns {Cause} */
function causeOfSecret({ accessKeyId, generation, fault }, presented) {
  const isOwn = accessKeyId === presented.accessKeyId;
  const advice = isOwn
    ? `It verifies with the secret \`${generation}\` of this key: ${fault}.`
    : `It verifies with a secret of another key, \`${accessKeyId}\` (\`${generation}\`): the device has the ` +
      'id of one key and the secret of another. Give it both of one key.';
  return { hypotheses: [isOwn ? 'another-secret' : 'another-key'], advice: [advice], accessKeyId, generation };
}

/** @param {{ name: string, advice: string }[]} hypotheses @param {Signer} signer @returns {Cause} */
function causeOfHypotheses(hypotheses, { accessKeyId, generation }) {
  return {
    hypotheses: hypotheses.map(({ name }) => name),
    advice: hypotheses.map(({ advice }) => shownText(advice)),
    accessKeyId,
    generation,
  };
}

/** @param {import('./exception.mjs').SdkError | undefined} error @returns {Presented | undefined} */
function presentedOf(error) {
  if (error?.stringToSign === undefined) return undefined;
  const { accessKeyId = '', signature, stringToSign, canonicalRequest } = error;
  return /** @type {Presented} */ ({ accessKeyId, signature, stringToSign, canonicalRequest });
}

/** The time that a request says it was signed at. @param {object | undefined} signed */
function ownTimeOf(signed) {
  if (signed === undefined || !('stringToSign' in signed)) return undefined;
  const form = formOf(/** @type {any} */ (signed));
  const text = form?.date ?? '';
  if (/^\d{1,12}$/u.test(text)) return Number(text) * 1000 - 1000;
  const basic = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(basic) || undefined;
}

/**
 * @param {Subject} subject @param {string | undefined} missing @param {Presented | undefined} presented
 * @param {Form | undefined} form
 */
function notesOf({ request, error, form: input }, missing, presented, form) {
  const notes = [];
  if (missing !== undefined) notes.push(missing);
  if (request && request.time === undefined) {
    notes.push('The input has no time, so the request was judged at its own date; --now says another.');
  }
  if (presented && form === undefined)
    notes.push('The StringToSign is cut off, or of version 4 without its CanonicalRequest.');
  if (form && request?.body === undefined && input !== 'sdk-exception') {
    notes.push("The body isn't known, so a Content-MD5 that was removed can't be found.");
  }
  if (error?.ownStringToSign !== undefined && error.stringToSign !== undefined) {
    notes.push(...differencesOf(error.ownStringToSign, error.stringToSign));
  }
  if (error?.requestId !== undefined) notes.push(`Its line in the log has \`ossRequestId\` ${error.requestId}.`);
  return notes;
}

/** What differs between the text that the SDK made and the server's. @param {string} own @param {string} other */
function differencesOf(own, other) {
  const [one, two] = [own, other].map((stringToSign) => formOf({ stringToSign }));
  if (one === undefined || two === undefined) return [];
  const [shownOne, shownTwo] = [shownForm(one), shownForm(two)];
  return Object.keys(shownOne).flatMap((name) => {
    const [signed, expected] = [shownOne[name], shownTwo[name]].map((value) => JSON.stringify(value));
    return signed === expected ? [] : [`The SDK signed ${name} ${signed}, the server expects ${expected}.`];
  });
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' && value !== '' ? value : null;
}
