import 'server-only';
import { bootApp } from './app.ts';
import { captureConsole } from './console-lines.ts';
import { guardIncoming } from './http/incoming.ts';
import { notePeerAddresses } from './limits/client-address.ts';
import { noteRequestIds } from './request-id.ts';

/** Starts the app, or says why it cannot and ends the process: a half-started login is none. */
export async function boot(): Promise<void> {
  try {
    guardIncoming();
    notePeerAddresses();
    noteRequestIds();
    const { log, sparingLog } = await bootApp();
    // biome-ignore lint/style/noProcessEnv: the bundler's own constant; who develops reads it as it is.
    if (process.env.NODE_ENV === 'production') {
      captureConsole(log, sparingLog);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
