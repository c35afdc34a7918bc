import { createControlClient } from '#sandbox/control-client.ts';

/** How many requests the sandbox has seen as the vendor. */
export async function countVendorRequests(sandboxUrl: string): Promise<number> {
  return (await createControlClient(sandboxUrl).requests()).length;
}
