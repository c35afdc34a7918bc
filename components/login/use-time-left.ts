import { useEffect, useState } from 'react';

/**
 * Counts down to an instant on this device's clock.
 *
 * @param expiresAt milliseconds since 1970.
 * @param initialSeconds returned by the first render, on the server as well.
 * @returns whole seconds left, 0 once expired.
 */
export function useTimeLeft(expiresAt: number, initialSeconds: number): number {
  const [secondsLeft, setSecondsLeft] = useState(initialSeconds);
  useEffect(() => {
    const update = () => setSecondsLeft(Math.max(0, Math.ceil((expiresAt - Date.now()) / 1_000)));
    update();
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  }, [expiresAt]);
  return secondsLeft;
}
