/**
 * The life of a login attempt: its states, the transitions between them, and which use case of
 * `lib/login` makes each. The same words stand in the row, the code, the events and the page; only
 * the status route says `verified` for `completed`, as the vendor's guide does. The diagram beside
 * this file, `attempt-states.md`, is held against it by a test.
 */

/** The states in which a call can still lead to a login. */
export const liveStates = ['pending', 'verified'] as const;

/** How an attempt can end without a login. */
export const attemptEnds = ['expired', 'failed', 'cancelled', 'contested'] as const;

export type AttemptEnd = (typeof attemptEnds)[number];

export type AttemptState = (typeof liveStates)[number] | 'completed' | AttemptEnd;

export const transitions = [
  // The vendor, asked by us, says that the call has come from the attempt's number.
  { from: 'pending', to: 'verified', by: 'check' },
  // The vendor says so, or nobody called in time.
  { from: 'pending', to: 'expired', by: 'check' },
  // The browser did not come for its session in time.
  { from: 'verified', to: 'expired', by: 'check' },
  // The vendor verified another number, or no longer knows its session.
  { from: 'pending', to: 'failed', by: 'check' },
  // The browser that started the attempt gets its session.
  { from: 'verified', to: 'completed', by: 'complete' },
  // Signup is closed, or the user is disabled.
  { from: 'verified', to: 'failed', by: 'complete' },
  // The one call could have been meant for another browser's attempt: neither completes.
  { from: 'verified', to: 'contested', by: 'complete' },
  { from: 'pending', to: 'contested', by: 'complete' },
  // The vendor made no session.
  { from: 'pending', to: 'failed', by: 'start' },
  // The same browser starts another attempt.
  { from: 'pending', to: 'cancelled', by: 'start' },
  { from: 'verified', to: 'cancelled', by: 'start' },
  { from: 'pending', to: 'expired', by: 'start' },
  { from: 'verified', to: 'expired', by: 'start' },
  // The person cancels.
  { from: 'pending', to: 'cancelled', by: 'cancel' },
  { from: 'verified', to: 'cancelled', by: 'cancel' },
] as const satisfies readonly { from: AttemptState; to: AttemptState; by: string }[];

export type Transition = (typeof transitions)[number];

type WithoutFrom<T extends Transition> = T extends Transition ? Omit<T, 'from'> : never;

/** A transition to an end without a login: where to, and which use case makes it. */
export type EndTransition = WithoutFrom<Extract<Transition, { to: AttemptEnd }>>;

/** The states from which a use case may end an attempt in this way. */
export function statesBefore({ to, by }: EndTransition): AttemptState[] {
  return transitions
    .filter((transition) => transition.to === to && transition.by === by)
    .map(({ from }) => from);
}
