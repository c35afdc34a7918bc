/** How an attempt can end without a login. */
export const attemptEnds = ['expired', 'failed', 'cancelled', 'contested'] as const;

export type AttemptEnd = (typeof attemptEnds)[number];
