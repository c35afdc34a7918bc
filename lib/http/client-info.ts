import 'server-only';
import { coarseNetwork, networkOf, type TrustedProxy } from '../limits/client-address.ts';
import type { ClientInfo } from '../store/schema.ts';
import { describeDevice } from './device.ts';

/** With what and roughly from where a request was sent, as it is kept with a login. */
export function clientInfoOf(headers: Headers, trustedProxy: TrustedProxy): ClientInfo {
  return {
    device: describeDevice(headers.get('user-agent')),
    network: coarseNetwork(networkOf(headers, trustedProxy)),
  };
}
