// What `origin-response.zip` exports. It knows neither configuration nor access keys.

import { wasm } from 'oss-edge:wasm';

import { createOriginResponse } from '../../js-shim/edge/origin-response.mjs';
import { createTranslator } from '../../js-shim/core/translator.mjs';

const translator = createTranslator(wasm);

/** @param {Omit<Parameters<typeof createOriginResponse>[0], 'translator'>} [options] */
export const create = (options) => createOriginResponse({ translator, ...options });

export const handler = create();
