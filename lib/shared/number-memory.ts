/**
 * Whether this browser remembers the phone number of an attempt: not at all, once the login is
 * completed, or already. A remembered number was not typed for this attempt, so it is shown masked.
 */
export const numberMemories = ['none', 'to_remember', 'remembered'] as const;

export type NumberMemory = (typeof numberMemories)[number];
