'use client';

import { CrashedDocument } from '#components/crash.tsx';
import './globals.css';

/** Shown when not even the layout could be rendered, so in every language. */
export default CrashedDocument;
