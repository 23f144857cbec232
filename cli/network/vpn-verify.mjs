// oss-edge network vpn verify

import { text as readAll } from 'node:stream/consumers';

import { vpnPlanOf } from '../../network/vpn/plan.mjs';
import { vpnFindings } from '../../network/vpn/verify.mjs';
import { parseDocument, readDocument } from '../document.mjs';
import { UsageError } from '../usage-error.mjs';
import { showFindings } from './findings.mjs';
import { readVpn, readVpnKeys } from './vpn-document.mjs';

/**
 * @param {{ config?: string, connections?: string, routes?: string[], alibaba?: string, keys?: string,
 *   json?: boolean }} options
 * @returns {Promise<number>}
 */
export async function verifyVpn({ config, connections, routes = [], alibaba, keys, json = false }) {
  const plan = vpnPlanOf(await readVpn(config));
  if (connections === undefined) throw new UsageError('expected --connections FILE');
  const reports = {
    connections: await readReport(connections),
    routes: await Promise.all(routes.map(readReport)),
    ...(alibaba === undefined ? {} : { alibaba: await readReport(alibaba) }),
    ...(keys === undefined ? {} : { keys: await readVpnKeys(keys) }),
  };
  return showFindings(vpnFindings(plan, reports), json);
}

/** @param {string} file */
async function readReport(file) {
  return file === '-' ? parseDocument(await readAll(process.stdin), 'standard input') : readDocument(file);
}
