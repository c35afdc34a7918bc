'use client';

import type { ComponentProps } from 'react';
import { useIsHydrated } from './use-is-hydrated.ts';

/** A button that works only with JavaScript: disabled until React has hydrated the page. */
export function ScriptButton(props: ComponentProps<'button'>) {
  return <button type="button" className="secondary" disabled={!useIsHydrated()} {...props} />;
}
