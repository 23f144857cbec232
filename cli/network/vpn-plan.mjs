// oss-edge network vpn plan

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { alibabaTerraform, alibabaVariables } from '../../network/vpn/alibaba-terraform.mjs';
import { readAwsConfiguration } from '../../network/vpn/aws-configuration.mjs';
import { awsTemplate } from '../../network/vpn/aws-template.mjs';
import { checkedKeys, keyWarnings, newKeys } from '../../network/vpn/keys.mjs';
import { keyName, vpnPlanOf } from '../../network/vpn/plan.mjs';
import { readText } from '../document.mjs';
import { writePrivate } from '../private-file.mjs';
import { readVpn, readVpnKeys } from './vpn-document.mjs';
import { nextSteps, shown } from './vpn-shown.mjs';

/** @typedef {import('../../network/vpn/plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('../../network/vpn/keys.mjs').VpnKeys} VpnKeys */
/** @typedef {{ name: string, text: string, isPrivate: boolean }} Output */

/** The file with the keys: Terraform reads it by this name, and Secrets Manager gets it too. */
const KEYS_FILE = 'keys.auto.tfvars.json';

/**
 * @param {{ config?: string, out?: string, keys?: string, awsConfiguration?: string[], dryRun?: boolean,
 *   json?: boolean }} options
 * @returns {Promise<number>}
 */
export async function planVpn({ config, out, keys: keysFile, awsConfiguration = [], dryRun = false, json = false }) {
  const document = await readVpn(config);
  const planned = vpnPlanOf(document);
  const ends = await readEnds(planned, awsConfiguration);
  const plan = vpnPlanOf(
    document,
    ends.map((end) => end?.awsOutside),
  );
  const keys = await keysOf(ends, keysFile, out);
  const { warnings } = plan;
  if (keys !== undefined) warnings.push(...keyWarnings(keys));
  if (json) process.stdout.write(`${JSON.stringify(plan)}\n`);
  else process.stdout.write(shown(plan));
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  if (out === undefined) return 0;
  const outputs = outputsOf(plan, keys ?? newKeys());
  const lines = await written(outputs, out, dryRun);
  if (!json) process.stdout.write(`\n${lines.join('\n')}\n${dryRun ? '' : `\n${nextSteps(plan, out, KEYS_FILE)}`}`);
  return 0;
}

/**
 * Reads AWS's ends of the tunnels, which are found by their inside addresses.
 *
 * @param {VpnPlan} plan @param {string[]} files
 */
async function readEnds(plan, files) {
  const read = files.map(async (file) => {
    const text = await readText(file);
    try {
      return readAwsConfiguration(text).map((end) => ({ ...end, file }));
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
    }
  });
  const all = (await Promise.all(read)).flat();
  const ends = plan.tunnels.map(({ awsInside }) => all.find((end) => end.awsInside === awsInside));
  for (const file of files) {
    if (!ends.some((end) => end?.file === file)) {
      const wanted = plan.tunnels.map(({ awsInside }) => awsInside).join(' or ');
      throw new Error(`${file}: expected a tunnel whose inside address at AWS is ${wanted}, found none`);
    }
  }
  plan.tunnels.forEach(({ number, alibabaInside, alibabaOutside }, index) => {
    const end = ends[index];
    if (end === undefined) return;
    /** @type {[string, string, string | undefined][]} */
    const pairs = [
      ['inside address', end.customerInside, alibabaInside],
      ['address', end.customerOutside, alibabaOutside],
      ['ASN', end.customerAsn ?? '', plan.routing === 'bgp' ? String(plan.alibaba.asn) : undefined],
      ['ASN at AWS', end.awsAsn ?? '', plan.routing === 'bgp' ? String(plan.aws.asn) : undefined],
    ];
    for (const [what, found, expected] of pairs) {
      const isGiven = expected !== undefined && found !== '' && /^[\d.]+$/u.test(found);
      if (isGiven && found !== expected) {
        throw new Error(`${end.file}: tunnel ${number}: ${what}: expected ${expected} as in the plan, found ${found}`);
      }
    }
  });
  return ends;
}

/**
 * The existing keys: those of a file, or else those that AWS has.
 *
 * @param {({ key: string, file: string } | undefined)[]} ends
 * @param {string | undefined} file @param {string | undefined} out
 * @returns {Promise<VpnKeys | undefined>} undefined if new ones are to be made
 */
async function keysOf(ends, file, out) {
  const own = file ?? (out === undefined ? undefined : join(out, KEYS_FILE));
  const kept = own !== undefined && (file !== undefined || (await exists(own))) ? await readVpnKeys(own) : undefined;
  const names = /** @type {const} */ (['tunnel1_key', 'tunnel2_key']);
  if (kept !== undefined) {
    for (const [index, name] of names.entries()) {
      const end = ends[index];
      if (end !== undefined && end.key !== kept[name]) {
        throw new Error(
          `${end.file}: the key of tunnel ${index + 1} is another than ${name} in ${own}: ` +
            "remove that file to take AWS's",
        );
      }
    }
    return kept;
  }
  const [first, second] = ends;
  if (first === undefined || second === undefined) return undefined;
  return checkedKeys({ tunnel1_key: first.key, tunnel2_key: second.key }, `${first.file} and ${second.file}`);
}

/** @param {string} file */
async function exists(file) {
  return readFile(file).then(
    () => true,
    ({ code }) => code !== 'ENOENT',
  );
}

/** @param {VpnPlan} plan @param {VpnKeys} keys @returns {Output[]} */
function outputsOf(plan, keys) {
  return [
    { name: 'aws.template.json', text: json(awsTemplate(plan)), isPrivate: false },
    { name: 'main.tf.json', text: json(alibabaTerraform(plan)), isPrivate: false },
    { name: 'addresses.auto.tfvars.json', text: json(alibabaVariables(plan)), isPrivate: false },
    {
      name: KEYS_FILE,
      text: json(Object.fromEntries(plan.tunnels.map((tunnel) => [keyName(tunnel), keys[keyName(tunnel)]]))),
      isPrivate: true,
    },
  ];
}

/** @param {object} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * @param {Output[]} outputs @param {string} out @param {boolean} dryRun
 * @returns {Promise<string[]>} a line for each file
 */
async function written(outputs, out, dryRun) {
  if (!dryRun) await mkdir(out, { recursive: true });
  const lines = [];
  for (const { name, text, isPrivate } of outputs) {
    const file = join(out, name);
    const before = await readFile(file, 'utf8').catch(() => undefined);
    const change = before === undefined ? 'new' : before === text ? 'unchanged' : 'changed';
    lines.push(`${change.padEnd(10)}${file}`);
    if (dryRun || change === 'unchanged') continue;
    await (isPrivate ? writePrivate(file, Buffer.from(text)) : writeFile(file, text));
  }
  return lines;
}
