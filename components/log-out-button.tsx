'use client';

import { useState } from 'react';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { logOut } from './api.ts';
import { useIsHydrated } from './use-is-hydrated.ts';

/** Ends the session and leads back to the login. */
export function LogOutButton({ messages }: { messages: AccountMessages }) {
  const [state, setState] = useState<'idle' | 'under_way' | 'failed'>('idle');
  const isHydrated = useIsHydrated();

  const press = async () => {
    setState('under_way');
    if (await logOut()) {
      window.location.assign('/login');
    } else {
      setState('failed');
    }
  };

  return (
    <>
      <button
        type="button"
        className="secondary"
        disabled={!isHydrated}
        aria-busy={state === 'under_way'}
        onClick={press}
      >
        {state === 'under_way' ? messages.loggingOut : messages.logOut}
      </button>
      <p role="status">{state === 'failed' ? messages.logOutFailed : ''}</p>
    </>
  );
}
