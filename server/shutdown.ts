import type { Server } from 'node:http';
import { stopTelemetry } from '#lib/observe/telemetry.ts';
import { type Services, stopServices } from '#lib/services.ts';
import type { Connections } from './connections.ts';

/** Work that continues after its answer was sent. */
export interface BackgroundTasks {
  add(task: () => Promise<void>): void;
  /** Resolves when all that was added has ended. */
  settled(): Promise<void>;
}

export function createBackgroundTasks(): BackgroundTasks {
  const running = new Set<Promise<void>>();
  return {
    add(task) {
      const promise = task().finally(() => running.delete(promise));
      running.add(promise);
    },
    async settled() {
      while (running.size > 0) {
        await Promise.allSettled(running);
      }
    },
  };
}

/** How long requests under way may take to end, in milliseconds. The supervisor has to wait longer. */
export const SHUTDOWN_TIMEOUT_MS = 10_000;

/**
 * At the first SIGTERM or SIGINT: takes no more connections, answers held polls, lets the requests under
 * way end, and exits with 0; with 1 where that took too long. Further signals change nothing: what is
 * sent to the whole process group, as Ctrl-C is, arrives from npm once more.
 */
export function shutDownOnSignals(host: {
  server: Server;
  services: Services;
  connections: Connections;
  tasks: BackgroundTasks;
}): void {
  const { server, services, connections, tasks } = host;
  let isStopping = false;
  const shutDown = () => {
    if (isStopping) {
      return;
    }
    isStopping = true;
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    connections.drain();
    stopServices(services);
    server.close(async () => {
      await tasks.settled();
      await stopTelemetry();
      process.exit(0);
    });
    server.closeIdleConnections();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, shutDown);
  }
}
