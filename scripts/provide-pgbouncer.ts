/** Finds or installs the PgBouncer that the tests need, or says what to do. */
import { findPgbouncer } from '#tests/support/pgbouncer.ts';
import { providePackage } from './provide-package.ts';

providePackage('PgBouncer', 'pgbouncer', findPgbouncer);
