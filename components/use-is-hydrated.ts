import { useSyncExternalStore } from 'react';

const neverChanges = () => () => {};

/** False on the server and until React has hydrated the page, true afterwards. */
export function useIsHydrated(): boolean {
  return useSyncExternalStore(
    neverChanges,
    () => true,
    () => false,
  );
}
