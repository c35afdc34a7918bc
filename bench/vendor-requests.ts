import { ControlClient } from '#sandbox/control-client.ts';

/** How many requests the sandbox has seen as the vendor. */
export async function countVendorRequests(sandboxUrl: string): Promise<number> {
  return (await new ControlClient(sandboxUrl).requests()).length;
}
