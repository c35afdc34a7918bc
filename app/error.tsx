'use client';

import { CrashedPage } from '#components/crash.tsx';

/** Shown when a page could not be rendered. The reason is in the server's log, never here. */
export default CrashedPage;
