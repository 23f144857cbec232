// Plans of a VPN, by what is special about them, and how to run the command line.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../cli/oss-edge.mjs', import.meta.url));

/** The numbers of Alibaba Cloud's guide to this connection (VPN Gateway, 2024-09-28), with addresses of our own. */
export const VPN = Object.freeze({
  aws: {
    region: 'eu-central-1',
    asn: 64512,
    vpc: 'vpc-0a1b2c3d4e5f60718',
    ranges: ['192.168.0.0/16'],
    subnets: ['192.168.10.0/24'],
    routeTables: ['rtb-0a1b2c3d4e5f60718'],
  },
  alibaba: {
    region: 'eu-central-1',
    asn: 65530,
    vpc: 'vpc-gw8abcdefghijklmno',
    ranges: ['10.0.0.0/16'],
    vSwitches: [
      { id: 'vsw-gw8aaaaaaaaaaaaaaa', range: '10.0.0.0/24', zone: 'eu-central-1b' },
      { id: 'vsw-gw8bbbbbbbbbbbbbbb', range: '10.0.10.0/24', zone: 'eu-central-1c' },
    ],
  },
  tunnels: ['169.254.116.208/30', '169.254.214.96/30'],
});

export const ADDRESSES = ['8.211.10.146', '8.211.20.74'];

/** @param {(vpn: any) => void} change @returns {any} a plan that differs */
export function changed(change) {
  const vpn = structuredClone(VPN);
  change(vpn);
  return vpn;
}

/** @type {Record<string, any>} */
export const VARIANTS = {
  'before the addresses are known': VPN,
  bgp: changed((vpn) => (vpn.alibaba.addresses = ADDRESSES)),
  static: changed((vpn) => Object.assign(vpn, { routing: 'static', alibaba: { ...vpn.alibaba, addresses: ADDRESSES } })),
  'several ranges, static': changed((vpn) => {
    vpn.routing = 'static';
    vpn.alibaba.ranges.push('10.8.0.0/16');
    vpn.aws.ranges.push('192.0.16.0/20');
    vpn.aws.alarmTopic = 'arn:aws:sns:eu-central-1:111122223333:alarms';
  }),
  'transit gateway': changed((vpn) => (vpn.aws.gateway = { type: 'transit-gateway', id: 'tgw-0a1b2c3d4e5f60718' })),
  'gateways that are there': changed((vpn) => {
    vpn.aws.gateway = { type: 'vpn-gateway', id: 'vgw-0a1b2c3d4e5f60718' };
    Object.assign(vpn.alibaba, { gateway: 'vpn-gw8ccccccccccccccc', addresses: ADDRESSES });
  }),
  'other algorithms': changed((vpn) => {
    vpn.ike = { version: 'ikev1', encryption: 'aes128', integrity: 'sha1', dhGroup: 2, lifetimeSeconds: 3601 };
    vpn.ipsec = { encryption: 'aes128', integrity: 'sha512', dhGroup: 5, lifetimeSeconds: 3600 };
    vpn.alibaba.asn = 4_200_000_001;
  }),
};

/** @param {string[]} args @param {string} [input] @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
export function ossEdge(args, input = '') {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }));
    child.stdin?.end(input);
  });
}
