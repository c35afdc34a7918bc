/**
 * A kept network as people may know it from their router: `203.0.113.0/24` is `203.0.113.x`, and
 * `2001:db8:1:2::/64` is `2001:db8:1:2:…`. Null where nothing would be left to read.
 */
export function nameNetwork(network: string): string | null {
  return network === '' || network === 'unknown' || network === '::/64'
    ? null
    : network.replace(/\.0\/24$/, '.x').replace(/::\/64$/, ':…');
}
