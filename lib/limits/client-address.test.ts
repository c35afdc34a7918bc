import { describe, expect, it } from 'vitest';
import {
  coarseNetwork,
  findProxyMistake,
  networkOf,
  type TrustedProxy,
  widerNetwork,
} from './client-address.ts';

const network = (
  headers: Record<string, string>,
  trustedProxy: TrustedProxy,
  peerAddress: string | null = null,
) => networkOf(new Headers(headers), trustedProxy, peerAddress);

const peer = (address: string) => network({}, { hops: 0 }, address);

describe('the network of a request', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
    ['192.0.2.7:443', '192.0.2.7'],
    ['[2001:db8:1:2::5]:443', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::5]', '2001:db8:1:2::/64'],
    ['[::ffff:192.0.2.7]:443', '192.0.2.7'],
    ['192.0.2.7:', 'unknown'],
    ['[192.0.2.7', 'unknown'],
    ['192.0.2.7:443:443', 'unknown'],
  ])('of %j is %s', (address, expected) => {
    expect(peer(address)).toBe(expected);
  });

  it('is the peer’s where nobody is trusted, whatever the client says', () => {
    const headers = {
      'x-forwarded-for': '198.51.100.1',
      'x-real-ip': '198.51.100.2',
      'cf-connecting-ip': '198.51.100.3',
    };
    expect(network(headers, { hops: 0 }, '192.0.2.7')).toBe('192.0.2.7');
    // A host that does not tell the address: no header is believed instead.
    expect(network(headers, { hops: 0 })).toBe('unknown');
  });

  it('is what the trusted proxies say, not what was said to them', () => {
    const headers = { 'x-forwarded-for': '203.0.113.66, 198.51.100.1, 10.0.0.1' };
    for (const peerAddress of ['10.0.0.2', null]) {
      expect(network(headers, { hops: 1 }, peerAddress)).toBe('10.0.0.1');
      expect(network(headers, { hops: 2 }, peerAddress)).toBe('198.51.100.1');
      expect(network(headers, { hops: 9 }, peerAddress)).toBe('unknown');
    }
  });

  it('is what the named platform says', () => {
    const headers = { 'cf-connecting-ip': '198.51.100.3', 'x-forwarded-for': '203.0.113.66' };
    expect(network(headers, { header: 'cf-connecting-ip' })).toBe('198.51.100.3');
    expect(network({}, { header: 'cf-connecting-ip' })).toBe('unknown');
  });
});

describe('what is kept of a network', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (network, kept) => {
    expect(coarseNetwork(network)).toBe(kept);
  });
});

describe('the wider network', () => {
  it.each([
    ['2001:db8:1:2345::/64', 56, '2001:db8:1:2300::/56'],
    ['2001:db8:1:2345::/64', 48, '2001:db8:1::/48'],
    ['192.0.2.77', 48, null],
    ['unknown', 48, null],
  ])('of %s with a prefix of %i is %s', (network, prefix, wider) => {
    expect(widerNetwork(network, prefix)).toBe(wider);
  });
});

describe('a mistake in TRUSTED_PROXY', () => {
  const find = (
    headers: Record<string, string>,
    trusted: TrustedProxy,
    peerAddress: string | null,
  ) => findProxyMistake(new Headers(headers), trusted, peerAddress);

  it.each([
    ['x-forwarded-for', '10.0.0.1', 'private', 'TRUSTED_PROXY to the number'],
    ['cf-connecting-ip', '127.0.0.1', 'loopback', 'TRUSTED_PROXY=cloudflare'],
    ['fly-client-ip', 'fd00::1', 'private', 'TRUSTED_PROXY=fly'],
    ['x-vercel-forwarded-for', null, 'unknown', 'TRUSTED_PROXY=vercel'],
    ['forwarded', '::ffff:192.168.0.1', 'private', 'X-Forwarded-For'],
    ['x-real-ip', '198.51.100.1', 'public', 'a client may send it too'],
  ])('is to trust nobody when %s arrives from %s', (header, peerAddress, peer, fix) => {
    const mistake = find({ [header]: '192.0.2.7' }, { hops: 0 }, peerAddress);
    expect(mistake).toMatchObject({ event: 'proxy_untrusted', header, peer });
    expect(mistake?.message).toContain(fix);
  });

  it.each([
    [{ hops: 1 }, {}, 'x-forwarded-for'],
    [{ hops: 2 }, { 'x-forwarded-for': '192.0.2.7' }, 'x-forwarded-for'],
    [{ header: 'fly-client-ip' }, { 'x-forwarded-for': '192.0.2.7' }, 'fly-client-ip'],
  ])('is to trust %j where it sends %j', (trusted, headers, header) => {
    const mistake = find(headers, trusted, '10.0.0.1');
    expect(mistake).toMatchObject({ event: 'client_address_unknown', header });
  });

  it.each([
    [{ hops: 0 }, {}],
    [{ hops: 1 }, { 'x-forwarded-for': '192.0.2.7' }],
    [{ header: 'fly-client-ip' }, { 'fly-client-ip': '192.0.2.7', 'x-forwarded-for': '192.0.2.8' }],
  ])('is not to trust %j where it sends %j', (trusted, headers) => {
    expect(find(headers, trusted, '10.0.0.1')).toBeNull();
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
    'is not seen where Next names this machine (%s) in place of a proxy',
    (address) => {
      const headers = { 'x-forwarded-for': address };
      expect(find(headers, { hops: 0 }, null)).toBeNull();
      expect(find({ 'x-forwarded-for': '192.0.2.7' }, { hops: 0 }, null)).not.toBeNull();
      expect(find(headers, { hops: 0 }, '127.0.0.1')).toMatchObject({ event: 'proxy_untrusted' });
    },
  );
});
