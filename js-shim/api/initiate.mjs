// InitiateMultipartUpload behind the API.

import { initiate } from '../operations/initiate.mjs';
import { apiOperation } from './api-operation.mjs';

export const createInitiate = apiOperation('InitiateMultipartUpload', initiate);
