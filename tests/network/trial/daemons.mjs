// The configurations of strongSwan and FRR, each side's from the file that is written for its cloud.

const GROUPS = /** @type {Record<string, string>} */ ({ 2: 'modp1024', 5: 'modp1536', 14: 'modp2048' });

/**
 * @typedef {object} TunnelEnd what one side's file says of a tunnel
 * @property {string} local outside address
 * @property {string} remote
 * @property {string} inside address
 * @property {string} peer inside address of the other side
 * @property {number} asn
 * @property {number} peerAsn
 * @property {string} key
 * @property {1 | 2} version of IKE
 * @property {string} ike a proposal of strongSwan
 * @property {string} esp
 * @property {number} ikeSeconds
 * @property {number} espSeconds
 * @property {number} dpdSeconds
 * @property {boolean} begins
 */

/**
 * AWS's end, from aws.template.json.
 *
 * @param {any} template @param {1 | 2} number @param {any} keys @param {{ awsOutside: string, alibabaOutside: string }} addresses
 * @returns {TunnelEnd}
 */
export function awsEnd(template, number, keys, { awsOutside, alibabaOutside }) {
  const [options] = template.Resources[`VpnConnection${number}`].Properties.VpnTunnelOptionsSpecifications;
  const { Properties: customer } = template.Resources[`CustomerGateway${number}`];
  const [, name] = /:SecretString:(\w+)\}\}$/u.exec(options.PreSharedKey) ?? [];
  const [network] = options.TunnelInsideCidr.split('/');
  const only = (/** @type {string} */ field) => options[field].map((/** @type {any} */ { Value }) => Value).join();
  const encryption = (/** @type {number} */ phase) => only(`Phase${phase}EncryptionAlgorithms`).toLowerCase();
  const integrity = (/** @type {number} */ phase) => only(`Phase${phase}IntegrityAlgorithms`).toLowerCase().replace('sha2-', 'sha');
  const group = (/** @type {number} */ phase) => GROUPS[only(`Phase${phase}DHGroupNumbers`)];
  return {
    local: awsOutside,
    remote: alibabaOutside,
    inside: plus(network, 1),
    peer: plus(network, 2),
    asn: template.Resources.VpnGateway.Properties.AmazonSideAsn,
    peerAsn: customer.BgpAsn ?? customer.BgpAsnExtended,
    key: keys[String(name)],
    version: only('IKEVersions') === 'ikev2' ? 2 : 1,
    ike: `${encryption(1)}-${integrity(1)}-${group(1)}`,
    esp: `${encryption(2)}-${integrity(2)}-${group(2)}`,
    ikeSeconds: options.Phase1LifetimeSeconds,
    espSeconds: options.Phase2LifetimeSeconds,
    dpdSeconds: options.DPDTimeoutSeconds,
    begins: options.StartupAction === 'start',
  };
}

/**
 * Alibaba Cloud's end, from main.tf.json and its variables.
 *
 * @param {any} terraform @param {1 | 2} number @param {any} variables @param {{ alibabaOutside: string }} addresses
 * @returns {TunnelEnd}
 */
export function alibabaEnd({ resource }, number, variables, { alibabaOutside }) {
  const { tunnel_options_specification: tunnels, effect_immediately: begins } = resource.alicloud_vpn_connection.oss_edge;
  const { tunnel_ike_config: ike, tunnel_ipsec_config: ipsec, tunnel_bgp_config: bgp } = tunnels[number - 1];
  const gateway = resource.alicloud_vpn_customer_gateway[`aws${number}`];
  const value = (/** @type {string} */ text) => variables[text.replace(/^\$\{var\.(\w+)\}$/u, '$1')];
  const encryption = (/** @type {string} */ name) => (name === 'aes' ? 'aes128' : name);
  const group = (/** @type {string} */ name) => GROUPS[name.replace('group', '')];
  return {
    local: alibabaOutside,
    remote: value(gateway.ip_address),
    inside: bgp.local_bgp_ip,
    peer: plus(bgp.tunnel_cidr.split('/')[0], 1),
    asn: Number(bgp.local_asn),
    peerAsn: Number(gateway.asn),
    key: value(ike.psk),
    version: ike.ike_version === 'ikev2' ? 2 : 1,
    ike: `${encryption(ike.ike_enc_alg)}-${ike.ike_auth_alg}-${group(ike.ike_pfs)}`,
    esp: `${encryption(ipsec.ipsec_enc_alg)}-${ipsec.ipsec_auth_alg}-${group(ipsec.ipsec_pfs)}`,
    ikeSeconds: ike.ike_lifetime,
    espSeconds: ipsec.ipsec_lifetime,
    dpdSeconds: 30,
    begins,
  };
}

/**
 * Without routes by policy: FRR decides. ESP is in user space, as not every kernel has it.
 *
 * @param {{ socket: string, log: string }} files
 */
export function strongswanConf({ socket, log }) {
  return `charon {
  load = random nonce aes sha1 sha2 hmac gmp kdf pem vici kernel-libipsec kernel-netlink socket-default updown
  install_routes = no
  retransmit_tries = 3
  plugins {
    vici { socket = unix://${socket} }
    kernel-libipsec { allow_peer_ts = yes }
  }
  filelog { trial { path = ${log}
    flush_line = yes
    default = 1 } }
}
`;
}

/** @param {TunnelEnd} end */
export function swanctlConf(end) {
  return `connections {
  tunnel {
    version = ${end.version}
    local_addrs = ${end.local}
    remote_addrs = ${end.remote}
    proposals = ${end.ike}
    rekey_time = ${Math.round(end.ikeSeconds * 0.9)}s
    dpd_delay = 10s
    dpd_timeout = ${end.dpdSeconds}s
    encap = yes
    local { auth = psk
      id = ${end.local} }
    remote { auth = psk
      id = ${end.remote} }
    children {
      all {
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = ${end.esp}
        rekey_time = ${Math.round(end.espSeconds * 0.9)}s
        dpd_action = restart
        start_action = ${end.begins ? 'start' : 'none'}
      }
    }
  }
}
secrets { ike-tunnel { id-1 = ${end.local}
  id-2 = ${end.remote}
  secret = "${end.key}" } }
`;
}

/**
 * A gateway: BGP with the other side through the tunnel, and with the router of its own VPC.
 *
 * @param {TunnelEnd} end @param {{ router: string, own: string, preference: number }} inside
 */
export function gatewayBgp({ asn, peer, peerAsn, inside }, { router, own, preference }) {
  return `router bgp ${asn}
 bgp router-id ${inside}
 no bgp ebgp-requires-policy
 timers bgp 10 30
 neighbor ${peer} remote-as ${peerAsn}
 neighbor ${peer} timers connect 5
 neighbor ${router} remote-as ${asn}
 neighbor ${router} timers connect 5
 address-family ipv4 unicast
  neighbor ${peer} route-map prefer in
  neighbor ${router} next-hop-self
 exit-address-family
!
route-map prefer permit 10
 set local-preference ${preference}
! own address ${own}
`;
}

/** @param {{ asn: number, id: string, gateways: string[], range: string }} vpc */
export function routerBgp({ asn, id, gateways, range }) {
  return `router bgp ${asn}
 bgp router-id ${id}
 no bgp network import-check
${gateways.map((gateway) => ` neighbor ${gateway} remote-as ${asn}\n neighbor ${gateway} timers connect 5`).join('\n')}
 address-family ipv4 unicast
  network ${range}
 exit-address-family
`;
}

/** @param {string} address @param {number} more */
function plus(address, more) {
  const octets = address.split('.').map(Number);
  return [...octets.slice(0, 3), octets[3] + more].join('.');
}
