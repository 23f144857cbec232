// ListParts behind the API.

import { listParts } from '../operations/list-parts.mjs';
import { apiOperation } from './api-operation.mjs';

export const createListParts = apiOperation('ListParts', listParts);
