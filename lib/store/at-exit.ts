import 'server-only';

const open = new Set<() => void>();

process.once('exit', () => {
  for (const close of open) {
    try {
      close();
    } catch {
      // The rest is to be closed all the same.
    }
  }
});

/**
 * Closes something when the process ends: nothing of it is left for the next process, or for a server,
 * to find out and clear away.
 *
 * @param close does it at once, since nothing that would take longer happens any more.
 * @returns what to call where it has been closed before that.
 */
export function closeAtExit(close: () => void): () => void {
  open.add(close);
  return () => void open.delete(close);
}
