// A gate in the memory of the core. After the core's instance was replaced, the gate is made again.

import { requestText } from './event-text.mjs';

/**
 * @typedef {object} Gate
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) =>
 *   import('./decision.mjs').Decision} decide at the edge; `requestId` is CloudFront's, `now` in milliseconds since
 *   the epoch
 * @property {(handOver: string, now: number) => import('./decision.mjs').ServiceDecision} decideAtApi decides again
 *   at the API, on what the edge handed over in `x-ossedge-request`
 * @property {(handOver: string, now: number) => import('./decision.mjs').ServiceDecision} decideAtRelay decides
 *   again at the relay
 * @property {(request: import('aws-lambda').CloudFrontRequest, requestId: string, now: number) =>
 *   import('./decision.mjs').EntranceDecision} [decideAtEntrance] decides at a relay that is the entrance, on a request
 *   in CloudFront's form; optional in a gate of your own
 * @property {(origin: string) => import('./decision.mjs').HeaderList} [corsHeaders] the headers that let a page of this
 *   origin read an answer that the core didn't make; optional in a gate of your own
 *
 * @typedef {object} CoreGate in the core's memory
 * @property {(request: Uint8Array, now: number) => string} decide
 * @property {(handOver: string, now: number) => string} decideAtApi
 * @property {(handOver: string, now: number) => string} decideAtRelay
 * @property {(request: Uint8Array, now: number) => string} decideAtEntrance
 * @property {(origin: string) => string} corsHeaders
 * @property {(request: Uint8Array, now: number) => import('./gate.mjs').Explanation} [explain]
 * @property {() => void} free
 */

/** @template {CoreGate} G */
export class GateDecisions {
  #core;
  #create;
  #gate;
  #generation;

  /**
   * @param {import('./core-instance.mjs').CoreInstance} core
   * @param {() => G} create
   */
  constructor(core, create) {
    this.#core = core;
    this.#create = create;
    this.#gate = core.call(create);
    this.#generation = core.generation;
  }

  /**
   * @param {import('aws-lambda').CloudFrontRequest} request @param {string} requestId @param {number} now
   * @returns {import('./decision.mjs').Decision}
   */
  decide(request, requestId, now) {
    const text = requestText(request, requestId);
    return readDecision(this.call((gate) => gate.decide(text, now)));
  }

  /** @param {string} handOver @param {number} now @returns {import('./decision.mjs').ServiceDecision} */
  decideAtApi(handOver, now) {
    return readDecision(this.call((gate) => gate.decideAtApi(handOver, now)));
  }

  /** @param {string} handOver @param {number} now @returns {import('./decision.mjs').ServiceDecision} */
  decideAtRelay(handOver, now) {
    return readDecision(this.call((gate) => gate.decideAtRelay(handOver, now)));
  }

  /**
   * @param {import('aws-lambda').CloudFrontRequest} request @param {string} requestId @param {number} now
   * @returns {import('./decision.mjs').EntranceDecision}
   */
  decideAtEntrance(request, requestId, now) {
    const text = requestText(request, requestId);
    return readDecision(this.call((gate) => gate.decideAtEntrance(text, now)));
  }

  /** @param {string} origin @returns {import('./decision.mjs').HeaderList} */
  corsHeaders(origin) {
    return JSON.parse(this.call((gate) => gate.corsHeaders(origin)));
  }

  /** @param {import('aws-lambda').CloudFrontRequest} request @param {string} requestId @param {number} now */
  explain(request, requestId, now) {
    const text = requestText(request, requestId);
    return this.call((gate) => gate.explain?.(text, now)) ?? {};
  }

  /**
   * Replaces the gate, or keeps it if the new one can't be made.
   *
   * @param {() => G} create
   */
  replace(create) {
    const other = this.#core.call(create);
    if (this.#generation === this.#core.generation) this.#gate.free();
    this.#gate = other;
    this.#generation = this.#core.generation;
    this.#create = create;
  }

  /** @template R @param {(gate: G) => R} use @returns {R} */
  call(use) {
    return this.#core.call(() => {
      if (this.#generation !== this.#core.generation) {
        this.#gate = this.#create();
        this.#generation = this.#core.generation;
      }
      return use(this.#gate);
    });
  }
}

/**
 * @param {string} text JSON; for a refusal or an answer followed by a NUL and the body
 * @returns {any} the decision
 * @throws {SyntaxError} when the core returned no decision
 */
function readDecision(text) {
  const end = text.indexOf('\0');
  if (end === -1) return JSON.parse(text);
  const decision = JSON.parse(text.slice(0, end));
  decision.body = text.slice(end + 1);
  return decision;
}
