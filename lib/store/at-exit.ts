import 'server-only';

const openResources = new Set<() => void>();

process.once('exit', () => {
  for (const close of openResources) {
    try {
      close();
    } catch {
      // Close the others nevertheless.
    }
  }
});

/**
 * Closes a resource when the process exits, so that nothing is left to clean up by the next process or by
 * the database server.
 *
 * @param close must be synchronous: no asynchronous work runs on exit.
 * @returns the function to call when the resource has been closed before that.
 */
export function closeAtExit(close: () => void): () => void {
  openResources.add(close);
  return () => void openResources.delete(close);
}
