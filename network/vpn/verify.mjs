/**
 * What is up and what doesn't fit, from what both sides say of themselves: `aws ec2 describe-vpn-connections`,
 * `describe-route-tables` or `search-transit-gateway-routes`, and `aliyun vpc DescribeVpnConnections`.
 */
import { finding } from '../finding.mjs';
import { alibabaFindings } from './verify-alibaba.mjs';
import { readAwsConfiguration } from './aws-configuration.mjs';
import { tunnelOptions } from './aws-template.mjs';
import { keyName } from './plan.mjs';
import { routeFindings } from './verify-routes.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('./plan.mjs').Tunnel} Tunnel */
/** @typedef {import('../finding.mjs').Finding} Finding */
/**
 * @typedef {object} Reports each as its command prints it
 * @property {any} connections of AWS
 * @property {any[]} [routes] of AWS
 * @property {any} [alibaba]
 * @property {import('./keys.mjs').VpnKeys} [keys] to compare with, never to show
 */

/** @param {VpnPlan} plan @param {Reports} reports @returns {Finding[]} */
export function vpnFindings(plan, { connections, routes = [], alibaba, keys }) {
  const all = connections?.VpnConnections;
  if (!Array.isArray(all)) throw new Error('expected the JSON of describe-vpn-connections, found no VpnConnections');
  const live = all.filter(({ State }) => State !== 'deleted' && State !== 'deleting');
  return [
    ...plan.tunnels.flatMap((tunnel) => tunnelFindings(plan, tunnel, live, keys)),
    ...routeFindings(plan, routes),
    ...(alibaba === undefined ? [] : alibabaFindings(plan, alibaba)),
  ];
}

/**
 * @param {VpnPlan} plan @param {Tunnel} tunnel @param {any[]} connections @param {Reports['keys']} keys
 * @returns {Finding[]}
 */
function tunnelFindings(plan, tunnel, connections, keys) {
  const what = `tunnel ${tunnel.number}`;
  const options = (/** @type {any} */ connection) => connection.Options?.TunnelOptions ?? [];
  const matching = connections.filter((one) =>
    options(one).some((/** @type {any} */ { TunnelInsideCidr }) => TunnelInsideCidr === tunnel.range),
  );
  if (matching.length !== 1) {
    const found = matching.map(({ VpnConnectionId }) => VpnConnectionId).join(', ') || `none with ${tunnel.range}`;
    return [
      finding(
        `${what}: its connection at AWS`,
        false,
        found,
        'deploy aws.template.json, or delete what was there before',
      ),
    ];
  }
  const [connection] = matching;
  const own = options(connection).find((/** @type {any} */ { TunnelInsideCidr }) => TunnelInsideCidr === tunnel.range);
  return [
    connectionFinding(plan, what, connection),
    ...stateFindings(plan, what, connection, own),
    ...optionFindings(plan, tunnel, own),
    ...customerGatewayFindings(tunnel, connection),
    ...(keys === undefined || own.PreSharedKey === undefined
      ? []
      : [
          finding(
            `${what}: its pre-shared key`,
            own.PreSharedKey === keys[keyName(tunnel)],
            own.PreSharedKey === keys[keyName(tunnel)] ? "that of the keys' file" : "another than the keys' file has",
            'write the right one into the secret and update the stack, or read it back with --aws-configuration',
          ),
        ]),
  ];
}

/** @param {VpnPlan} plan @param {string} what @param {any} connection */
function connectionFinding(
  { aws, routing },
  what,
  { VpnConnectionId, State, VpnGatewayId, TransitGatewayId, Options },
) {
  const gateway = VpnGatewayId || TransitGatewayId || 'no gateway';
  const kind = TransitGatewayId ? 'transit-gateway' : 'vpn-gateway';
  const isStatic = Options?.StaticRoutesOnly === true;
  const isPlanned =
    State === 'available' &&
    kind === aws.gateway.type &&
    (aws.gateway.id === undefined || gateway === aws.gateway.id) &&
    isStatic === (routing === 'static');
  return finding(
    `${what}: its connection at AWS`,
    isPlanned,
    `${VpnConnectionId}, ${State}, at ${gateway}, ${isStatic ? 'static routes' : 'BGP'}`,
    `expected it available at ${aws.gateway.id ?? aws.gateway.type} with ${routing}`,
  );
}

/** @param {VpnPlan} plan @param {string} what @param {any} connection @param {any} own @returns {Finding[]} */
function stateFindings({ routing }, what, { VgwTelemetry = [], Options }, own) {
  const state = VgwTelemetry.find(
    (/** @type {any} */ { OutsideIpAddress }) => OutsideIpAddress === own.OutsideIpAddress,
  );
  if (state === undefined) return [{ what: `${what}: at AWS`, verdict: 'unknown', found: 'no telemetry yet' }];
  const { Status, StatusMessage = '', AcceptedRouteCount = 0 } = state;
  const follows = /IPSEC IS UP/iu.test(StatusMessage)
    ? "IPsec is up and BGP isn't: compare the ASNs, and the inside addresses of both sides"
    : "see the tunnel's log group: another key, other algorithms, another address, or a firewall (UDP 500 and 4500)";
  const unplanned = Options.TunnelOptions.filter((/** @type {any} */ one) => one !== own).find(
    (/** @type {any} */ one) =>
      VgwTelemetry.some(
        (/** @type {any} */ two) => two.OutsideIpAddress === one.OutsideIpAddress && two.Status === 'UP',
      ),
  );
  return [
    finding(`${what}: at AWS`, Status === 'UP', `${Status}, "${StatusMessage}"`, follows),
    ...(routing === 'bgp' && Status === 'UP'
      ? [
          finding(
            `${what}: routes from Alibaba Cloud`,
            AcceptedRouteCount > 0,
            String(AcceptedRouteCount),
            "turn on the gateway's route propagation (auto_propagate)",
          ),
        ]
      : []),
    ...(unplanned === undefined
      ? []
      : [
          finding(
            `${what}: the connection's second tunnel`,
            false,
            `UP at ${unplanned.OutsideIpAddress}`,
            'it is in no plan: find out who is at its other end',
          ),
        ]),
  ];
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel @param {any} own @returns {Finding[]} */
function optionFindings(plan, tunnel, own) {
  const planned = /** @type {Record<string, any>} */ (tunnelOptions(plan, tunnel));
  // The API answers with other capitals than it takes.
  const answered = new Map(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]));
  const values = (/** @type {any} */ value) =>
    (Array.isArray(value) ? value.map(({ Value }) => Value) : [value]).join(', ');
  const compared = Object.keys(planned).filter(
    (name) => !['PreSharedKey', 'LogOptions', 'StartupAction'].includes(name),
  );
  return compared.flatMap((name) => {
    const found = answered.get(name.toLowerCase());
    const isSo = found === undefined || values(found) === values(planned[name]);
    return isSo
      ? []
      : [finding(`tunnel ${tunnel.number}: ${name}`, false, values(found), `the plan has ${values(planned[name])}`)];
  });
}

/** @param {Tunnel} tunnel @param {any} connection @returns {Finding[]} */
function customerGatewayFindings({ number, awsInside, alibabaOutside }, { CustomerGatewayConfiguration: text }) {
  if (typeof text !== 'string' || alibabaOutside === undefined) return [];
  const end = readAwsConfiguration(text).find((one) => one.awsInside === awsInside);
  if (end === undefined) return [];
  return [
    finding(
      `tunnel ${number}: AWS's customer gateway`,
      end.customerOutside === alibabaOutside,
      end.customerOutside,
      `the plan has ${alibabaOutside}: set AlibabaAddress${number} of the stack`,
    ),
  ];
}
