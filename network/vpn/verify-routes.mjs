/** Whether AWS's route tables lead to Alibaba Cloud: `describe-route-tables`, `search-transit-gateway-routes`. */
import { covers, overlap, parseRange, range } from '../address.mjs';
import { finding } from '../finding.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('../address.mjs').Range} Range */
/** @typedef {import('../finding.mjs').Finding} Finding */
/** @typedef {Record<string, any> & { to: Range }} Route with its destination read */

/** @param {VpnPlan} plan @param {any[]} reports @returns {Finding[]} */
export function routeFindings(plan, reports) {
  const tables = reports.flatMap(({ RouteTables = [] }) => RouteTables);
  const transit = reports.flatMap(({ RouteTables, Routes = [] }) => (RouteTables === undefined ? Routes : []));
  if (reports.length > 0 && tables.length + transit.length === 0) {
    throw new Error('expected the JSON of describe-route-tables or search-transit-gateway-routes, found no routes');
  }
  return [
    ...(tables.length === 0 ? [] : plan.aws.routeTables.flatMap((id) => tableFindings(plan, id, tables))),
    ...(transit.length === 0 ? [] : plan.alibaba.ranges.map((text) => transitFinding(text, read(transit)))),
  ];
}

/** @param {VpnPlan} plan @param {string} id @param {any[]} tables @returns {Finding[]} */
function tableFindings({ aws, alibaba }, id, tables) {
  const table = tables.find(({ RouteTableId }) => RouteTableId === id);
  if (table === undefined) return [{ what: `${id}: its routes`, verdict: 'unknown', found: 'not in the answer' }];
  const isOurs = (/** @type {Route} */ route) => targetOf(route).startsWith(aws.gateway.id ?? 'vgw-');
  const gateway = aws.gateway.id ?? 'the VPN gateway';
  return alibaba.ranges.map((text) => {
    const wanted = range(text);
    const routes = read(table.Routes).filter(({ to }) => overlap(to, wanted));
    const best = longest(routes, wanted);
    const astray = routes.find((route) => !covers(route.to, wanted) && !isOurs(route));
    const decisive = astray ?? best;
    return finding(
      `${id}: the way to ${text}`,
      astray === undefined && best !== undefined && isOurs(best) && best.State === 'active',
      decisive === undefined ? 'none' : `${decisive.to.text} to ${targetOf(decisive)}, ${decisive.State}`,
      `expected an active route to ${gateway}: turn on its propagation in this table, and remove what is more specific`,
    );
  });
}

/** @param {string} text @param {Route[]} routes @returns {Finding} */
function transitFinding(text, routes) {
  const route = longest(routes, range(text));
  const kinds = (route?.TransitGatewayAttachments ?? []).map((/** @type {any} */ { ResourceType }) => ResourceType);
  return finding(
    `transit gateway: the way to ${text}`,
    route?.State === 'active' && kinds.includes('vpn'),
    route === undefined ? 'none' : `${route.to.text}, ${route.State}, ${kinds.join(', ')}`,
    "let the VPN attachments propagate into the VPC attachment's route table",
  );
}

/**
 * The one that decides: of those that cover all of it, the most specific.
 *
 * @param {Route[]} routes @param {Range} wanted
 */
function longest(routes, wanted) {
  return routes.filter(({ to }) => covers(to, wanted)).sort((a, b) => b.to.bits - a.to.bits)[0];
}

/** Routes to ranges; those to prefix lists lead to AWS's own services. @param {any[]} routes @returns {Route[]} */
function read(routes) {
  return routes.flatMap((route) => {
    const to = parseRange(route.DestinationCidrBlock ?? '');
    return to === undefined ? [] : [{ ...route, to }];
  });
}

const TARGETS = [
  'GatewayId',
  'TransitGatewayId',
  'NatGatewayId',
  'VpcPeeringConnectionId',
  'NetworkInterfaceId',
  'LocalGatewayId',
  'CoreNetworkArn',
];

/** @param {Route} route @returns {string} */
function targetOf(route) {
  return route[TARGETS.find((name) => route[name] !== undefined) ?? ''] ?? 'nowhere';
}
