/** What the clocks of the server and of the browser say at first: 10:00 in Japan, in milliseconds since 1970. */
export const CLOCK_STARTS_AT = Date.parse('2026-10-01T10:00:00+09:00');
