import 'server-only';
import { LRUCache } from 'lru-cache';

/** Of what strangers send, longer texts are not worth their memory. */
const TEXT_MAX_LENGTH = 512;

/** How many texts are remembered: few headers make up most of what browsers send. */
const TEXTS = 500;

/** Remembers what a function says of the texts that it was given most recently. It must be pure. */
export function memoizeLatest<T extends string>(read: (text: string) => T): (text: string) => T {
  const known = new LRUCache<string, T>({ max: TEXTS });
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) {
      return before;
    }
    const answer = read(text);
    if (text.length <= TEXT_MAX_LENGTH) {
      known.set(text, answer);
    }
    return answer;
  };
}
