import 'server-only';
import ipaddr from 'ipaddr.js';

/**
 * The proxies in front of this server: a number of hops that each append to X-Forwarded-For, or a
 * platform that puts the client's address into a header of its own.
 */
export type TrustedProxy = { hops: number } | { header: string };

/** The platforms that can be named, with the header in which each puts the client's address. */
export const platformHeaders: ReadonlyMap<string, string> = new Map([
  ['vercel', 'x-vercel-forwarded-for'],
  ['cloudflare', 'cf-connecting-ip'],
  ['fly', 'fly-client-ip'],
]);

/**
 * The network a request comes from, as far as it can be trusted: an IPv4 address, or the /64 of an
 * IPv6 address, since one subscriber has all of a /64. `unknown` when nothing trusted says it; all of
 * those share one limit.
 *
 * @param peerAddress the other end of the connection; null where the host does not tell.
 */
export function networkOf(
  headers: Pick<Headers, 'get'>,
  trustedProxy: TrustedProxy,
  peerAddress: string | null,
): string {
  const address = withoutPort(readAddress(headers, trustedProxy, peerAddress));
  if (!ipaddr.isValid(address)) {
    return 'unknown';
  }
  // Unwraps an IPv4 address written as an IPv6 one (::ffff:192.0.2.1).
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4'
    ? parsed.toString()
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/** The network of an IPv6 network (see `networkOf`) with a shorter prefix; null for all others. */
export function widerNetwork(network: string, prefix: number): string | null {
  const [address = '', length] = network.split('/');
  return length === undefined
    ? null
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toString()}/${prefix}`;
}

/**
 * What is stored and shown of a network (see `networkOf`): enough to tell home from elsewhere, too
 * little to find a person. An IPv4 address becomes its /24.
 */
export function coarseNetwork(network: string): string {
  return ipaddr.IPv4.isValid(network)
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${network}/24`).toString()}/24`
    : network;
}

/** Azure's gateways append `address:port`, and an IPv6 address in brackets. */
function withoutPort(address: string): string {
  const [, v6, v4] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(address) ?? [];
  return v6 ?? v4 ?? address;
}

function readAddress(
  headers: Pick<Headers, 'get'>,
  trustedProxy: TrustedProxy,
  peerAddress: string | null,
): string {
  if ('header' in trustedProxy) {
    return headers.get(trustedProxy.header)?.trim() ?? '';
  }
  if (trustedProxy.hops === 0) {
    return peerAddress ?? '';
  }
  // Each trusted proxy vouches for the address to its left; what lies further left may be forged.
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((part) => part.trim());
  return [...forwarded, peerAddress ?? ''].at(-1 - trustedProxy.hops) ?? '';
}
