import 'server-only';
import { LRUCache } from 'lru-cache';

/** Longer texts are not cached: clients could fill the memory with them. */
const TEXT_MAX_LENGTH = 512;

/** How many results are cached: few headers make up most of what browsers send. */
const TEXTS = 500;

/** Caches the results of a pure function for the texts that it was given most recently. */
export function memoizeLatest<T extends string>(read: (text: string) => T): (text: string) => T {
  const known = new LRUCache<string, T>({ max: TEXTS, memoMethod: (text) => read(text) });
  return (text) => (text.length > TEXT_MAX_LENGTH ? read(text) : known.memo(text));
}
