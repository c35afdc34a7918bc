/**
 * Whether this browser is to remember the number of an attempt after the login, or has done so
 * before; then it was not typed by whoever is there now.
 */
export const numberMemories = ['none', 'to_remember', 'remembered'] as const;

export type NumberMemory = (typeof numberMemories)[number];
