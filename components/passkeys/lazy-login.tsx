import { type ComponentProps, useEffect, useState } from 'react';
import type { PasskeyLogin } from './login.tsx';

/**
 * Loads the login with a passkey once the page is hydrated, in a browser that has passkeys. Until then, and where
 * it cannot be loaded, it keeps its place and shows nothing: a call logs in as well.
 */
export function LazyPasskeyLogin(props: ComponentProps<typeof PasskeyLogin>) {
  const [Loaded, setLoaded] = useState<typeof PasskeyLogin | null>(null);

  useEffect(() => {
    if (typeof PublicKeyCredential === 'function') {
      import('./login.tsx').then(
        ({ PasskeyLogin }) => setLoaded(() => PasskeyLogin),
        () => {},
      );
    }
  }, []);

  return Loaded === null ? (
    <div className="absent">
      <button type="button" className="link">
        {props.messages.use}
      </button>
    </div>
  ) : (
    <Loaded {...props} />
  );
}
