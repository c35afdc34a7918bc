import 'server-only';
import { followAnswers } from './http/answers-under-way.ts';
import { guardIncoming } from './http/incoming.ts';
import { openStartLine } from './http/start-line.ts';
import { openWaitingRoom } from './http/waiting-room.ts';
import { notePeerAddresses } from './limits/client-address.ts';
import { captureConsole } from './observe/console.ts';
import { noteRequestIds } from './request-id.ts';
import { type App, bootApp, stopApp } from './services.ts';
import { isStoreFailure } from './store/failure.ts';

/** Starts the app, or says why it cannot and ends the process: a half-started login is none. */
export async function boot(): Promise<void> {
  try {
    guardIncoming();
    notePeerAddresses();
    noteRequestIds();
    const endConnections = followAnswers();
    const app = await bootApp();
    openStartLine(app);
    openWaitingRoom(app);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        endConnections();
        stop(app);
      });
    }
    // biome-ignore lint/style/noProcessEnv: the bundler's own constant; who develops reads it as it is.
    if (process.env.NODE_ENV === 'production') {
      captureConsole(app.log, app.throttledLog);
    }
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** What whoever started it has to know, where the database says too little of itself. */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isStoreFailure(error)
    ? `The database that DATABASE_URL names cannot be used: ${message}.\n` +
        'A file has to be one of SQLite, and it and its folder writable to the server, with room on the disk.'
    : message;
}

/** How long what runs may take to end. */
const STOP_MS = 10_000;

/**
 * Next stops listening, lets the requests under way end and then ends the process. Held polls would
 * keep it for half a minute, and a client that does not read its answer for ever.
 */
function stop(app: App): void {
  stopApp(app);
  setTimeout(() => process.exit(1), STOP_MS).unref();
}
