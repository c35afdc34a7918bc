/** Finds or installs the nginx that the tests need, or says what to do. */
import { findNginx } from '#tests/support/nginx.ts';
import { providePackage } from './provide-package.ts';

providePackage('nginx', 'nginx-light', findNginx);
