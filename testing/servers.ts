import { inject } from 'vitest';
import { ControlClient } from '#sandbox/control-client.ts';
import { Visitor } from './visitor.ts';

/** The production build that all HTTP tests share: `testing/start-servers.ts`. */
export const appOrigin = inject('appOrigin');

/** The controls of the vendor's stand-in that it talks to. */
export const vendor = new ControlClient(inject('sandboxUrl'));

export const newVisitor = () => new Visitor(appOrigin);

/** How many requests of a kind the vendor has seen about a phone number. */
export async function countVendorRequests(
  kind: 'create' | 'check',
  phoneNumber: string,
): Promise<number> {
  const requests = await vendor.requests(phoneNumber);
  return requests.filter((request) => request.kind === kind).length;
}
