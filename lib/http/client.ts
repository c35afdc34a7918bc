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

/** Who sent a request, as far as can be known from its headers and the address of its connection. */
export class Client {
  readonly #headers: HeaderReader;
  readonly #trustedProxy: TrustedProxy;
  readonly #peerAddress: string | null;
  /** What limits count by: see `networkOf`. */
  readonly network: string;

  constructor(headers: HeaderReader, trustedProxy: TrustedProxy, peerAddress: string | null) {
    this.#headers = headers;
    this.#trustedProxy = trustedProxy;
    this.#peerAddress = peerAddress;
    this.network = networkOf(headers, trustedProxy, peerAddress);
  }

  /** What is stored and shown: the device, and the network without its last part. */
  get info(): ClientInfo {
    return {
      device: describeDevice(this.#headers.get('user-agent')),
      network: coarseNetwork(this.network),
    };
  }

  /** Why `network` may not be the client's. */
  get proxyMistake(): ProxyMistake | null {
    return findProxyMistake(this.#headers, this.#trustedProxy, this.#peerAddress);
  }
}
