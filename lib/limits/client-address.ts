import 'server-only';
import { randomUUID } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { atEachRequest } from '../request-start.ts';

/**
 * Who stands between the browser and us: nobody, a number of proxies that each append to
 * X-Forwarded-For, or a platform that says the address in a header of its own.
 */
export type TrustedProxy = { hops: number } | { header: string };

/** The platforms that can be named, by the header in which each puts the browser's address. */
export const platformHeaders: ReadonlyMap<string, string> = new Map([
  ['vercel', 'x-vercel-forwarded-for'],
  ['cloudflare', 'cf-connecting-ip'],
  ['fly', 'fly-client-ip'],
]);

declare global {
  /** Next bundles the boot and the routes apart; both must know the one name. */
  var callLoginPeerHeader: string | undefined;
}

/**
 * The header that carries the peer's address inside this process. Its name is random, so that no
 * client can send it, not even in the moment between listening and the end of the boot.
 */
export function peerHeader(): string {
  globalThis.callLoginPeerHeader ??= `x-peer-${randomUUID()}`;
  return globalThis.callLoginPeerHeader;
}

/**
 * Notes the address of each connection's other end where route handlers can read it. Next hands
 * them no socket, and keeps an X-Forwarded-For that a client made up.
 */
export function notePeerAddresses(): void {
  const header = peerHeader();
  atEachRequest(({ request }) => {
    request.headers[header] = request.socket.remoteAddress ?? '';
  });
}

/**
 * The network a request comes from, as far as it can be known: an IPv4 address, or the /64 of an
 * IPv6 address, since whoever has one address of it has all of them. `unknown` when nothing we
 * trust says it; all of those share one limit.
 */
export function networkOf(headers: Pick<Headers, 'get'>, trustedProxy: TrustedProxy): string {
  const address = readAddress(headers, trustedProxy);
  if (!ipaddr.isValid(address)) {
    return 'unknown';
  }
  // Folds an IPv4 address written as an IPv6 one (::ffff:192.0.2.1) into what it is.
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4'
    ? parsed.toString()
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/**
 * What is kept and shown of a network (see `networkOf`): enough for a person to tell home from
 * elsewhere, too little to find one. An IPv4 address loses its last number.
 */
export function coarseNetwork(network: string): string {
  return ipaddr.IPv4.isValid(network)
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${network}/24`).toString()}/24`
    : network;
}

function readAddress(headers: Pick<Headers, 'get'>, trustedProxy: TrustedProxy): string {
  if ('header' in trustedProxy) {
    return headers.get(trustedProxy.header)?.trim() ?? '';
  }
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((part) => part.trim());
  const path = [...forwarded, headers.get(peerHeader()) ?? ''];
  // Each trusted proxy vouches for the address to its left; what lies further left is hearsay.
  return path.at(-1 - trustedProxy.hops) ?? '';
}
