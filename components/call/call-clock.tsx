'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { useTimeLeft } from '#components/login/use-time-left.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';
import styles from './call.module.css';

/**
 * The time left to call. Refreshes the page when it runs out and whenever the page becomes visible.
 */
export function CallClock(props: { secondsLeft: number; text: string }) {
  const router = useRouter();
  const [expiresAt] = useState(() => Date.now() + props.secondsLeft * 1_000);
  const secondsLeft = useTimeLeft(expiresAt, props.secondsLeft);
  const isOver = secondsLeft === 0;

  useEffect(() => {
    const refresh = () => document.visibilityState === 'visible' && router.refresh();
    if (isOver) {
      refresh();
    }
    document.addEventListener('visibilitychange', refresh);
    return () => document.removeEventListener('visibilitychange', refresh);
  }, [isOver, router]);

  return (
    <p role="timer" className={styles.time}>
      {fillIn(props.text, {
        minutes: Math.floor(secondsLeft / 60),
        seconds: String(secondsLeft % 60).padStart(2, '0'),
      })}
    </p>
  );
}
