// The two sides of a plan against each other: strongSwan and FRR in network namespaces, each with the parameters of the file
// that is written for its cloud; two tunnels, BGP, and a tunnel that is cut while an SDK uploads to `serve` behind it.
//
// Run it as root by `./build.sh vpn-trial`. It isn't a part of `./build.sh test`: it needs root, and Debian's strongSwan and
// FRR, and it waits for BGP's hold time of 30 seconds.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { vpnPlanOf } from '../../network/vpn/plan.mjs';
import { ADDRESSES, VARIANTS, ossEdge } from './fixture.mjs';
import { xmlOf } from './aws-configuration.mjs';
import { alibabaEnd, awsEnd, gatewayBgp, routerBgp, strongswanConf, swanctlConf } from './trial/daemons.mjs';
import { Namespaces } from './trial/namespaces.mjs';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const AWS_ADDRESSES = ['3.64.1.8', '3.64.1.9'];
const SERVER = '192.168.10.113';
/** As private DNS would have it. */
const HOST = 'uploads.example.com';
const CHARON = '/usr/lib/ipsec/charon';
const TOOLS = [CHARON, '/usr/sbin/swanctl', '/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so', '/usr/lib/frr/bgpd', '/usr/bin/vtysh'];

if (process.getuid?.() !== 0) fail('expected root, for network namespaces');
const missing = TOOLS.filter((file) => !existsSync(file));
if (missing.length > 0) {
  fail(`expected ${missing.join(', ')}: apt-get install --no-install-recommends strongswan-charon strongswan-swanctl libcharon-extra-plugins frr`);
}

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-trial-'));
// For FRR, which only needs to pass through. What has keys in it is readable by root alone.
await chmod(directory, 0o711);
const namespaces = new Namespaces(directory);
/** One of the plans of the fixture, with BGP and a new VPN gateway. */
const variant = process.argv[2] ?? 'bgp';
const started = Date.now();

try {
  const { template, terraform, variables, plan } = await writtenFiles({ ...VARIANTS[variant], alibaba: { ...VARIANTS[variant].alibaba, addresses: ADDRESSES } });
  const sides = plan.tunnels.map(({ number }, index) => {
    const outside = { awsOutside: AWS_ADDRESSES[index], alibabaOutside: ADDRESSES[index] };
    return { aws: awsEnd(template, number, variables, outside), alibaba: alibabaEnd(terraform, number, variables, outside) };
  });
  layCables();
  await startRouting(sides);

  // Seen to fail: a wrong key must keep a tunnel down.
  await startTunnel('aws2', sides[1].aws);
  await startTunnel('ali2', { ...sides[1].alibaba, key: `${sides[1].alibaba.key}x` });
  await sleep(6000);
  assert.ok(!isEstablished('ali2'), 'a tunnel with another key came up');
  const sign = plan.ike.version === 'ikev2' ? 'AUTHENTICATION_FAILED' : 'could not decrypt payloads';
  assert.ok((await readFile(join(directory, 'ali2', 'charon.log'), 'utf8')).includes(sign));
  say(`another key on one side: the tunnel stays down, "${sign}"`);
  await reload('ali2', sides[1].alibaba);

  await startTunnel('aws1', sides[0].aws);
  await startTunnel('ali1', sides[0].alibaba);
  for (const [index, gateway] of ['ali1', 'ali2'].entries()) {
    await until(`tunnel ${index + 1} is up`, 30, () => isEstablished(gateway));
    addInside(gateway, sides[index].alibaba.inside);
    addInside(gateway.replace('ali', 'aws'), sides[index].aws.inside);
  }
  say(`both tunnels are up: ${proposals('ali1')}`);
  await until('BGP has told both sides their ranges', 90, () => wayOf('alibaba', SERVER) === '10.0.254.2' && wayOf('aws', '10.0.0.10') !== '');
  say('BGP: Alibaba Cloud goes by its master tunnel');

  await serve();
  const quick = await upload(4, 100, () => {});
  assert.deepEqual([quick.status, quick.isWhole], [200, true]);
  say(`an upload of 4 MiB through the tunnel: 200, whole, in ${quick.seconds} s`);

  const cut = await upload(40, 4, (sent) => {
    if (sent !== 8) return;
    namespaces.in('internet', 'ip', 'link', 'set', 'ali1', 'nomaster');
    say('tunnel 1 is cut at 8 of 40 MiB');
  });
  assert.deepEqual([cut.status, cut.isWhole], [200, true]);
  assert.equal(wayOf('alibaba', SERVER), '10.0.254.6');
  say(`the same upload ends: 200, whole, in ${cut.seconds} s; it stood still for ${cut.longest} s`);

  namespaces.in('internet', 'ip', 'link', 'set', 'ali1', 'master', 'bridge');
  await until('tunnel 1 is back, and carries again', 180, () => isEstablished('ali1') && wayOf('alibaba', SERVER) === '10.0.254.2');
  const again = await upload(4, 100, () => {});
  assert.deepEqual([again.status, again.isWhole], [200, true]);
  say('tunnel 1 is back by itself, and carries again');
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.stack : error}\nlogs: ${directory}\n`);
  process.exitCode = 1;
} finally {
  await namespaces.close();
  if (process.exitCode === undefined) await rm(directory, { recursive: true });
}

/** What `vpn plan` writes, with AWS's addresses read back. @param {any} vpn */
async function writtenFiles(vpn) {
  const file = (/** @type {string} */ name) => join(directory, name);
  await writeFile(file('vpn.json'), JSON.stringify(vpn));
  const first = await ossEdge(['network', 'vpn', 'plan', '--config', file('vpn.json'), '--out', file('out')]);
  assert.equal(first.status, 0, first.stderr);
  const read = async (/** @type {string} */ name) => JSON.parse(await readFile(file(`out/${name}`), 'utf8'));
  const keys = await read('keys.auto.tfvars.json');
  const plan = vpnPlanOf(vpn);
  const configurations = plan.tunnels.map(async ({ awsInside, alibabaInside }, index) => {
    const name = file(`${index}.xml`);
    await writeFile(name, xmlOf({ customer: ADDRESSES[index], asn: plan.alibaba.asn, ends: [{ inside: [awsInside, alibabaInside], outside: AWS_ADDRESSES[index], key: keys[`tunnel${index + 1}_key`] }] }));
    return ['--aws-configuration', name];
  });
  const second = await ossEdge(['network', 'vpn', 'plan', '--config', file('vpn.json'), '--out', file('out'), ...(await Promise.all(configurations)).flat()]);
  assert.equal(second.status, 0, second.stderr);
  const variables = { ...(await read('keys.auto.tfvars.json')), ...(await read('addresses.auto.tfvars.json')) };
  return { template: await read('aws.template.json'), terraform: await read('main.tf.json'), variables, plan };
}

function layCables() {
  namespaces.add('internet');
  namespaces.in('internet', 'ip', 'link', 'add', 'bridge', 'type', 'bridge');
  namespaces.in('internet', 'ip', 'link', 'set', 'bridge', 'up');
  for (const [name, forwards] of /** @type {[string, boolean][]} */ ([['device', false], ['alibaba', true], ['ali1', true], ['ali2', true], ['aws1', true], ['aws2', true], ['aws', true], ['server', false]])) {
    namespaces.add(name, { forwards });
  }
  const outside = { ali1: ADDRESSES[0], ali2: ADDRESSES[1], aws1: AWS_ADDRESSES[0], aws2: AWS_ADDRESSES[1] };
  for (const [name, address] of Object.entries(outside)) {
    namespaces.link(name, 'internet', ['outside', name], [`${address}/32`, undefined]);
    namespaces.in('internet', 'ip', 'link', 'set', name, 'master', 'bridge');
    // Before strongSwan's own table, in which kernel-libipsec sends everything into the tunnel, ESP's packets too.
    namespaces.in(name, 'ip', 'rule', 'add', 'pref', '100', 'lookup', 'main');
    namespaces.in(name, 'ip', 'rule', 'add', 'pref', '101', 'unreachable');
    for (const other of Object.values(outside)) if (other !== address) namespaces.in(name, 'ip', 'route', 'add', `${other}/32`, 'dev', 'outside');
  }
  namespaces.link('device', 'alibaba', ['eth0', 'vswitch'], ['10.0.0.10/24', '10.0.0.1/24']);
  namespaces.link('alibaba', 'ali1', ['to1', 'inside'], ['10.0.254.1/30', '10.0.254.2/30']);
  namespaces.link('alibaba', 'ali2', ['to2', 'inside'], ['10.0.254.5/30', '10.0.254.6/30']);
  namespaces.link('aws', 'aws1', ['to1', 'inside'], ['192.168.254.1/30', '192.168.254.2/30']);
  namespaces.link('aws', 'aws2', ['to2', 'inside'], ['192.168.254.5/30', '192.168.254.6/30']);
  namespaces.link('server', 'aws', ['eth0', 'subnet'], [`${SERVER}/24`, '192.168.10.1/24']);
  namespaces.in('device', 'ip', 'route', 'add', 'default', 'via', '10.0.0.1');
  namespaces.in('server', 'ip', 'route', 'add', 'default', 'via', '192.168.10.1');
}

/** @param {{ aws: import('./trial/daemons.mjs').TunnelEnd, alibaba: import('./trial/daemons.mjs').TunnelEnd }[]} sides */
async function startRouting([first, second]) {
  await startFrr('alibaba', routerBgp({ asn: first.alibaba.asn, id: '10.0.0.1', gateways: ['10.0.254.2', '10.0.254.6'], range: '10.0.0.0/16' }));
  await startFrr('aws', routerBgp({ asn: first.aws.asn, id: '192.168.10.1', gateways: ['192.168.254.2', '192.168.254.6'], range: '192.168.0.0/16' }));
  await startFrr('ali1', gatewayBgp(first.alibaba, { router: '10.0.254.1', own: '10.0.254.2', preference: 200 }));
  await startFrr('ali2', gatewayBgp(second.alibaba, { router: '10.0.254.5', own: '10.0.254.6', preference: 100 }));
  await startFrr('aws1', gatewayBgp(first.aws, { router: '192.168.254.1', own: '192.168.254.2', preference: 100 }));
  await startFrr('aws2', gatewayBgp(second.aws, { router: '192.168.254.5', own: '192.168.254.6', preference: 100 }));
}

/** @param {string} name @param {string} bgp */
async function startFrr(name, bgp) {
  const folder = join(directory, name, 'frr');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'zebra.conf'), '');
  await writeFile(join(folder, 'bgpd.conf'), bgp);
  // FRR gives root up, and doesn't take it for its vty group.
  execFileSync('chown', ['-R', 'frr:frr', folder]);
  const common = (/** @type {string} */ daemon) => [
    `/usr/lib/frr/${daemon}`, '-f', join(folder, `${daemon}.conf`), '-i', join(folder, `${daemon}.pid`), '-z', join(folder, 'zserv.api'), '--vty_socket', folder, '-A', '127.0.0.1', '--log', 'stdout',
  ];
  namespaces.start(name, 'zebra', common('zebra'));
  await until(`${name} has its zebra`, 10, () => existsSync(join(folder, 'zserv.api')));
  namespaces.start(name, 'bgpd', common('bgpd'));
}

/** @param {string} name @param {import('./trial/daemons.mjs').TunnelEnd} end */
async function startTunnel(name, end) {
  const folder = join(directory, name);
  await writeFile(join(folder, 'strongswan.conf'), strongswanConf({ socket: socketOf(name), log: join(folder, 'charon.log') }));
  namespaces.start(name, 'charon', [CHARON], { STRONGSWAN_CONF: join(folder, 'strongswan.conf') });
  await until(`${name} has its charon`, 10, () => existsSync(socketOf(name)));
  await load(name, end);
}

/** @param {string} name @param {import('./trial/daemons.mjs').TunnelEnd} end */
async function load(name, end) {
  const file = join(directory, name, 'swanctl.conf');
  await writeFile(file, swanctlConf(end), { mode: 0o600 });
  swanctl(name, '--load-all', '--clear', '--file', file);
}

/** What began with another key is given up, and begun anew. @param {string} name @param {import('./trial/daemons.mjs').TunnelEnd} end */
async function reload(name, end) {
  await load(name, end);
  tolerant(() => swanctl(name, '--terminate', '--ike', 'tunnel', '--force'));
  swanctl(name, '--initiate', '--child', 'all', '--timeout', '20');
}

/** @param {string} name @param {string[]} args */
function swanctl(name, ...args) {
  return namespaces.in(name, 'swanctl', ...args, '--uri', `unix://${socketOf(name)}`);
}

/** @param {string} name */
function socketOf(name) {
  return join(directory, name, 'charon.vici');
}

/** @param {string} name */
function sas(name) {
  return swanctl(name, '--list-sas');
}

/** @param {string} name */
function isEstablished(name) {
  const text = sas(name);
  return / ESTABLISHED,/u.test(text) && / INSTALLED,/u.test(text);
}

/** @param {string} name */
function proposals(name) {
  return [...sas(name).matchAll(/(?:ESP:)?AES_\w+-\d+\S*/gu)].map(([one]) => one).join(', ');
}

/** @param {string} name @param {string} address */
function addInside(name, address) {
  namespaces.in(name, 'ip', 'address', 'add', `${address}/30`, 'dev', 'ipsec0');
  namespaces.in(name, 'ip', 'link', 'set', 'ipsec0', 'up', 'mtu', '1400');
}

/** The next hop. @param {string} name @param {string} to */
function wayOf(name, to) {
  const [, via] = / via (\S+)/u.exec(tolerant(() => namespaces.in(name, 'ip', 'route', 'get', to))) ?? [];
  return via ?? '';
}

/** @param {() => string} run */
function tolerant(run) {
  try {
    return run();
  } catch {
    return '';
  }
}

/** `serve` in the server's namespace, and a port there that leads to it. */
async function serve() {
  const config = {
    hosts: [{ host: HOST, style: 'cname', bucket: 'fleet-uploads' }],
    buckets: { 'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' } },
    api: { domain: 'abc123.execute-api.us-east-1.amazonaws.com', path: '/prod' },
  };
  await writeFile(join(directory, 'config.json'), JSON.stringify(config));
  namespaces.start('server', 'serve', [process.execPath, here('../../cli/oss-edge.mjs'), 'serve', '--config', join(directory, 'config.json'), '--access-keys', here('../../sample/access-keys.json'), '--port', '8080']);
  const forward = `require('node:net').createServer((a) => { const b = require('node:net').connect(8080, '127.0.0.1'); a.pipe(b).pipe(a); a.on('error', () => b.destroy()); b.on('error', () => a.destroy()); }).listen(80, '${SERVER}')`;
  namespaces.start('server', 'port', [process.execPath, '-e', forward]);
  await until('serve listens', 60, () => tolerant(() => namespaces.in('server', 'sh', '-c', 'cat /proc/net/tcp | grep -ci ":1F90 .* 0A"')).trim() === '1');
}

/**
 * @param {number} mebibytes @param {number} rate a second @param {(sent: number) => void} onSent
 * @returns {Promise<{ status: number, isWhole: boolean, seconds: number, longest: number }>}
 */
async function upload(mebibytes, rate, onSent) {
  const hosts = join(directory, 'hosts');
  await writeFile(hosts, `${SERVER} ${HOST}\n`);
  const child = namespaces.start('device', `upload-${mebibytes}`, ['sh', '-c', `mount --bind ${hosts} /etc/hosts && exec "$@"`, 'sh', process.execPath, here('trial/device.mjs'), `http://${HOST}`, String(mebibytes), String(rate)]);
  let [last, longest, result] = [Date.now(), 0, /** @type {any} */ (undefined)];
  createInterface({ input: /** @type {any} */ (child.stdout) }).on('line', (line) => {
    const message = line.startsWith('{') ? JSON.parse(line) : {};
    longest = Math.max(longest, Date.now() - last);
    last = Date.now();
    if (message.sent !== undefined) onSent(message.sent);
    if (message.status !== undefined) result = message;
  });
  await once(child, 'exit');
  if (result === undefined) throw new Error(`the upload failed: see device-upload-${mebibytes}.log`);
  return { ...result, longest: Math.round(longest / 1000) };
}

/** @param {string} what @param {number} seconds @param {() => boolean} isSo */
async function until(what, seconds, isSo) {
  const end = Date.now() + seconds * 1000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(500);
  }
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s  ${line}\n`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`vpn-trial: ${message}\n`);
  process.exit(2);
}
