import 'server-only';
import { networkOf, roughNetwork, type TrustedProxy } from '../limits/client-address.ts';
import type { Whereabouts } from '../store/schema.ts';
import { describeDevice } from './device.ts';

/** With what and roughly from where a request was sent, as it is kept with a login. */
export function whereaboutsOf(headers: Headers, trustedProxy: TrustedProxy): Whereabouts {
  return {
    device: describeDevice(headers.get('user-agent')),
    network: roughNetwork(networkOf(headers, trustedProxy)),
  };
}
