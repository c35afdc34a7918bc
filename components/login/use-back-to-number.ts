import { useEffect, useEffectEvent } from 'react';

/** In the state of the history entry that stands for the steps after the number. */
const MARK = 'callLoginPastNumber';

/**
 * Lets the browser's Back return to the number: the first step after it gets a history entry of its own.
 *
 * @param step.isPastNumber whether this page has left the number step.
 * @param step.onBack called when Back was pressed.
 */
export function useBackToNumber(step: { isPastNumber: boolean; onBack(): void }) {
  const { isPastNumber } = step;
  useEffect(() => {
    if (isPastNumber && !isMarked(window.history.state)) {
      window.history.pushState({ [MARK]: true }, '');
    }
  }, [isPastNumber]);

  const onPopState = useEffectEvent((event: PopStateEvent) => {
    if (!isMarked(event.state)) {
      step.onBack();
    }
  });
  useEffect(() => {
    window.addEventListener('popstate', onPopState);
    return () => window.removeEventListener('popstate', onPopState);
  }, []);
}

/** Opens another page in place of the login, so that its Back does not lead here again. */
export function leaveLogin(address: string) {
  const open = () => window.location.replace(address);
  if (isMarked(window.history.state)) {
    window.addEventListener('popstate', open, { once: true });
    window.history.back();
  } else {
    open();
  }
}

function isMarked(state: unknown): boolean {
  return typeof state === 'object' && state !== null && MARK in state;
}
