// CompleteMultipartUpload behind the API.

import { complete } from '../operations/complete.mjs';
import { apiOperation } from './api-operation.mjs';

export const createComplete = apiOperation('CompleteMultipartUpload', complete);
