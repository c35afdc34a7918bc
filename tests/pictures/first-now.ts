/** When every picture is taken: ten o'clock in Japan, in milliseconds since 1970. */
export const FIRST_NOW = Date.parse('2026-10-01T10:00:00+09:00');
