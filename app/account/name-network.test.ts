import { expect, it } from 'vitest';
import { coarseNetwork } from '#lib/limits/client-address.ts';
import { nameNetwork } from './name-network.ts';

it.each([
  ['an IPv4 address', coarseNetwork('203.0.113.7'), '203.0.113.x'],
  ['an IPv4 address that ends with 0', coarseNetwork('198.51.0.0'), '198.51.0.x'],
  ['an IPv6 network', coarseNetwork('2001:db8:1:2::/64'), '2001:db8:1:2:…'],
  ['a short IPv6 network', coarseNetwork('2001:db8::/64'), '2001:db8:…'],
  ['the network of this machine itself', coarseNetwork('::/64'), null],
  ['a network that nothing trusted says', coarseNetwork('unknown'), null],
  ['an empty network', '', null],
])('%s is shown without what only engineers read', (_, kept, shown) => {
  expect(nameNetwork(kept)).toBe(shown);
});
