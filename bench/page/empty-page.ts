/**
 * What the scripts of an empty page weigh, compressed with Brotli, as `npm run bench:page` measured it with this version
 * of Next: for tests, which have no time to build the empty page. Measure it again when Next changes.
 */
export const emptyPage = { next: '16.4.6', scriptBytes: 115_063 };
