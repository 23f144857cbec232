// The core's module without the code that reads JSON documents: most functions need no more.

import * as glue from '../wasm/oss_edge.js';
import { CoreInstance } from './core-instance.mjs';

/** Shared by all gates, seals and translators of a process. */
export const edgeCore = new CoreInstance(glue, 'oss_edge.wasm');
