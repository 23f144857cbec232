// What `initiate.zip` exports.

import { createInitiate } from '../initiate.mjs';

export { createInitiate as create };

export const handler = createInitiate();
