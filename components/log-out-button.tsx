'use client';

import { useState } from 'react';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { logOut } from './account/api.ts';
import { ScriptButton } from './script-button.tsx';

/** Logs out and opens the login page. */
export function LogOutButton({ messages }: { messages: AccountMessages }) {
  const [state, setState] = useState<'idle' | 'pending' | 'failed'>('idle');

  const press = async () => {
    setState('pending');
    if (await logOut()) {
      window.location.assign('/login');
    } else {
      setState('failed');
    }
  };

  return (
    <>
      <ScriptButton aria-busy={state === 'pending'} onClick={press}>
        {state === 'pending' ? messages.loggingOut : messages.logOut}
      </ScriptButton>
      <p role="status">{state === 'failed' ? messages.logOutFailed : ''}</p>
    </>
  );
}
