import 'server-only';
import { isIPv4, isIPv6 } from 'node:net';
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

/** Where a platform that is named by a variable of its own puts the client's address, as `TRUSTED_PROXY` says it. */
export const platformProxies: ReadonlyMap<string, string> = new Map([
  ['VERCEL', 'vercel'],
  ['FLY_APP_NAME', 'fly'],
  // Cloud Run appends the client's address to what the client sent.
  ['K_SERVICE', '1'],
]);

/** The headers in which proxies pass a client's address on, and what makes the app read it there. */
const forwardingHeaders: ReadonlyMap<string, string> = new Map([
  ...[...platformHeaders].map(([name, header]) => [header, `set TRUSTED_PROXY=${name}`] as const),
  ['x-forwarded-for', 'set TRUSTED_PROXY to the number of proxies that append to it, usually 1'],
  ['forwarded', 'let the proxy set X-Forwarded-For, and set TRUSTED_PROXY=1'],
  ['x-real-ip', 'let the proxy set X-Forwarded-For, and set TRUSTED_PROXY=1'],
]);

/** Why the limits of one network count for many clients, and what to do about it. */
export interface ProxyMistake {
  /** `proxy_untrusted`: there is a proxy, and nobody told; `client_address_unknown`: it does not say what it should. */
  event: 'proxy_untrusted' | 'client_address_unknown';
  /** The header that was seen, or that was expected. */
  header: string;
  /** Whether the other end of the connection is on this machine, in a private network, or anywhere. */
  peer: 'loopback' | 'private' | 'public' | 'unknown';
  message: string;
}

/** What a request shows to be wrong with `TRUSTED_PROXY`; null if nothing. See `networkOf` for the parameters. */
export function findProxyMistake(
  headers: Pick<Headers, 'get'>,
  trustedProxy: TrustedProxy,
  peerAddress: string | null,
): ProxyMistake | null {
  if ('hops' in trustedProxy && trustedProxy.hops === 0) {
    const seen = [...forwardingHeaders].find(([header]) => {
      const value = headers.get(header);
      // Next tells no peer, and writes it into this header where none has come: `npm run dev`.
      const isNextOwn = peerAddress === null && describePeer(value) === 'loopback';
      return value !== null && !(header === 'x-forwarded-for' && isNextOwn);
    });
    if (seen === undefined) {
      return null;
    }
    const [header, fix] = seen;
    const peer = describePeer(peerAddress);
    const doubt =
      peer === 'public'
        ? 'If there is a proxy of yours (a client may send it too)'
        : 'There is a proxy';
    return {
      event: 'proxy_untrusted',
      header,
      peer,
      message: `a request came with ${header}, but TRUSTED_PROXY is 0, which counts everybody behind a proxy as one client. ${doubt}: ${fix}`,
    };
  }
  if (networkOf(headers, trustedProxy, peerAddress) !== 'unknown') {
    return null;
  }
  const [header, expected] =
    'header' in trustedProxy
      ? [trustedProxy.header, 'a header with an address']
      : ['x-forwarded-for', `${trustedProxy.hops} or more addresses`];
  return {
    event: 'client_address_unknown',
    header,
    peer: describePeer(peerAddress),
    message: `TRUSTED_PROXY expects ${expected} in ${header}, but a request came without: let the proxy set it, or set TRUSTED_PROXY to what stands in front`,
  };
}

function describePeer(address: string | null): ProxyMistake['peer'] {
  if (address === null || !ipaddr.isValid(address)) {
    return 'unknown';
  }
  const range = ipaddr.process(address).range();
  if (range === 'loopback') {
    return 'loopback';
  }
  const isPrivate = ['private', 'uniqueLocal', 'carrierGradeNat', 'linkLocal'].includes(range);
  return isPrivate ? 'private' : 'public';
}

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
  const read = withoutPort(readAddress(headers, trustedProxy, peerAddress));
  // As Node names an IPv4 client of a socket for both.
  const address = read.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (isIPv4(address)) {
    // Most are. Parsing them took a fiftieth of a login's CPU (profile).
    return address;
  }
  if (!isIPv6(address)) {
    return 'unknown';
  }
  const parsed = ipaddr.IPv6.parse(address);
  // An IPv4 address in other spellings (::ffff:c000:201).
  return parsed.isIPv4MappedAddress()
    ? parsed.toIPv4Address().toString()
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
  return isIPv4(network) ? network.replace(/\d+$/, '0/24') : network;
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
