import { useSyncExternalStore } from 'react';

const neverChanges = () => () => {};

/** False while the page is only HTML, true once its scripts answer to the person. */
export function useIsHydrated(): boolean {
  return useSyncExternalStore(
    neverChanges,
    () => true,
    () => false,
  );
}
