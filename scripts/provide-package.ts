import { spawnSync } from 'node:child_process';

/**
 * Finds what the tests need of the system, installs its Debian package where it is missing, and ends the process
 * with what to do where that fails.
 *
 * @param name for the terminal, such as `nginx`.
 * @param find returns its path, or null when none is installed.
 */
export function providePackage(name: string, packageName: string, find: () => string | null): void {
  let path = find();
  if (path === null) {
    const install = ['install', '--yes', '--no-install-recommends', packageName];
    console.log(`${name} not found. Running "apt-get ${install.join(' ')}".`);
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    spawnSync('apt-get', install, { stdio: 'inherit', timeout: 300_000 });
    path = find();
  }
  if (path === null) {
    console.error(
      `${name} not found, and installing it failed. The tests need it: install it and try again.`,
    );
    process.exit(1);
  }
  console.log(`Using ${name} at ${path}`);
}
