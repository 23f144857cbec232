// The core without the code that reads documents, which is all that most functions need.

import * as glue from '../wasm/oss_edge.js';
import { CoreInstance } from './core-instance.mjs';

/** All gates and translators of a process share it. */
export const edgeCore = new CoreInstance(glue, 'oss_edge.wasm');
