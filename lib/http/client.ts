import 'server-only';
import {
  coarseNetwork,
  findProxyMistake,
  networkOf,
  type ProxyMistake,
  type TrustedProxy,
} from '../limits/client-address.ts';
import type { ClientInfo } from '../store/schema.ts';
import { describeDevice } from './device.ts';
import type { HeaderReader } from './route-request.ts';

/** Who sent a request, as far as can be known. */
export interface Client {
  /** What limits count by: see `networkOf`. */
  network: string;
  /** What is stored and shown: the device, and the network without its last part. */
  readonly info: ClientInfo;
  /** Why `network` may not be the client's. */
  readonly proxyMistake: ProxyMistake | null;
}

/** Reads the client of a request from its headers and the address of its connection. */
export function readClient(
  headers: HeaderReader,
  trustedProxy: TrustedProxy,
  peerAddress: string | null,
): Client {
  const network = networkOf(headers, trustedProxy, peerAddress);
  return {
    network,
    get info() {
      return {
        device: describeDevice(headers.get('user-agent')),
        network: coarseNetwork(network),
      };
    },
    get proxyMistake() {
      return findProxyMistake(headers, trustedProxy, peerAddress);
    },
  };
}
