// AWS's configuration of a VPN connection's other end, in its two forms: the XML of `CustomerGatewayConfiguration` (as in
// the EC2 API's and moto 5.2.5's examples) and the text "Generic" (as in the Amazon VPC Network Administrator Guide,
// "Example: Generic Customer Gateway Using Border Gateway Protocol"). Addresses and keys are made up.

/** @typedef {{ inside: [string, string], outside: string, key: string }} End */

/** @param {{ customer: string, ends: End[], asn?: number, awsAsn?: number }} connection */
export function xmlOf({ customer, ends, asn = 65530, awsAsn = 64512 }) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<vpn_connection id="vpn-0a1b2c3d4e5f60718">
  <customer_gateway_id>cgw-0a1b2c3d4e5f60718</customer_gateway_id>
  <vpn_gateway_id>vgw-0a1b2c3d4e5f60718</vpn_gateway_id>
  <vpn_connection_type>ipsec.1</vpn_connection_type>
${ends.map(({ inside: [aws, other], outside, key }) => `  <ipsec_tunnel>
    <customer_gateway>
      <tunnel_outside_address><ip_address>${customer}</ip_address></tunnel_outside_address>
      <tunnel_inside_address>
        <ip_address>${other}</ip_address>
        <network_mask>255.255.255.252</network_mask>
        <network_cidr>30</network_cidr>
      </tunnel_inside_address>
      <bgp><asn>${asn}</asn><hold_time>30</hold_time></bgp>
    </customer_gateway>
    <vpn_gateway>
      <tunnel_outside_address><ip_address>${outside}</ip_address></tunnel_outside_address>
      <tunnel_inside_address>
        <ip_address>${aws}</ip_address>
        <network_mask>255.255.255.252</network_mask>
        <network_cidr>30</network_cidr>
      </tunnel_inside_address>
      <bgp><asn>${awsAsn}</asn><hold_time>30</hold_time></bgp>
    </vpn_gateway>
    <ike>
      <authentication_protocol>sha256</authentication_protocol>
      <encryption_protocol>aes-256-cbc</encryption_protocol>
      <lifetime>28800</lifetime>
      <perfect_forward_secrecy>group14</perfect_forward_secrecy>
      <mode>main</mode>
      <pre_shared_key>${key}</pre_shared_key>
    </ike>
    <ipsec>
      <protocol>esp</protocol>
      <authentication_protocol>hmac-sha256-128</authentication_protocol>
      <encryption_protocol>aes-256-cbc</encryption_protocol>
      <lifetime>3600</lifetime>
      <perfect_forward_secrecy>group14</perfect_forward_secrecy>
      <mode>tunnel</mode>
      <clear_df_bit>true</clear_df_bit>
      <fragmentation_before_encryption>true</fragmentation_before_encryption>
      <tcp_mss_adjustment>1379</tcp_mss_adjustment>
      <dead_peer_detection><interval>10</interval><retries>3</retries></dead_peer_detection>
    </ipsec>
  </ipsec_tunnel>`).join('\n')}
</vpn_connection>
`;
}

/** @param {{ customer: string, ends: End[], asn?: number, awsAsn?: number }} connection */
export function genericOf({ customer, ends, asn = 65530, awsAsn = 64512 }) {
  return `Amazon Web Services
Virtual Private Cloud

VPN Connection Configuration
================================================================================
AWS utilizes unique identifiers to manipulate the configuration of
a VPN Connection.

Your VPN Connection ID           : vpn-0a1b2c3d4e5f60718
Your Virtual Private Gateway ID  : vgw-0a1b2c3d4e5f60718
Your Customer Gateway ID         : cgw-0a1b2c3d4e5f60718

${ends.map(({ inside: [aws, other], outside, key }, index) => `IPSec Tunnel #${index + 1}
================================================================================
#1: Internet Key Exchange Configuration

Configure the IKE SA as follows:
Category "VPN" connections in the GovCloud region have a minimum requirement of AES128, SHA2, and DH Group 14.
- IKE version              : IKEv2
- Authentication Method    : Pre-Shared Key
- Pre-Shared Key           : ${key}
- Authentication Algorithm : sha256
- Encryption Algorithm     : aes-256-cbc
- Lifetime                 : 28800 seconds
- Phase 1 Negotiation Mode : main
- Diffie-Hellman           : Group 14

#2: IPSec Configuration

Configure the IPSec SA as follows:
- Protocol                 : esp
- Authentication Algorithm : hmac-sha2-256
- Encryption Algorithm     : aes-256-cbc
- Lifetime                 : 3600 seconds
- Mode                     : tunnel
- Perfect Forward Secrecy  : Diffie-Hellman Group 14

IPSec Dead Peer Detection (DPD) will be enabled on the AWS Endpoint. We
recommend configuring DPD on your endpoint as follows:
- DPD Interval             : 10
- DPD Retries              : 3

#3: Tunnel Interface Configuration

The Customer Gateway and Virtual Private Gateway each have two addresses that relate
to this IPSec tunnel.

Outside IP Addresses:
- Customer Gateway:        : ${customer}
- Virtual Private Gateway  : ${outside}

Inside IP Addresses
- Customer Gateway         : ${other}/30
- Virtual Private Gateway  : ${aws}/30

Configure your tunnel to fragment at the optimal size:
- Tunnel interface MTU     : 1436 bytes

#4: Border Gateway Protocol (BGP) Configuration:

BGP Configuration Options:
- Customer Gateway ASN        : ${asn}
- Virtual Private Gateway ASN : ${awsAsn}
- Neighbor IP Address         : ${aws}
- Neighbor Hold Time          : 30
`).join('\n')}`.replaceAll('\n', '\r\n');
}
