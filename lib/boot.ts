import 'server-only';
import { bootApp } from './app.ts';
import { notePeerAddresses } from './limits/client-address.ts';

/** Starts the app, or says why it cannot and ends the process: a half-started login is none. */
export async function boot(): Promise<void> {
  try {
    notePeerAddresses();
    await bootApp();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
