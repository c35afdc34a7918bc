import { spawnSync } from 'node:child_process';

/** Whether Vercel's command is installed: `npm install --global vercel`. */
export const hasVercel = spawnSync('vercel', ['--version']).status === 0;
