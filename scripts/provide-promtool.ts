/** Installs Prometheus's checker, where apt-get can. Without it the tests of the alert rules are skipped. */
import { spawnSync } from 'node:child_process';

const isInstalled = () => spawnSync('promtool', ['--version']).status === 0;

if (!isInstalled()) {
  const install = ['install', '--yes', '--no-install-recommends', 'prometheus'];
  console.log(`promtool not found. Running "apt-get ${install.join(' ')}".`);
  spawnSync('apt-get', ['update'], { stdio: 'ignore' });
  spawnSync('apt-get', install, { stdio: 'inherit', timeout: 300_000 });
}
console.log(
  isInstalled()
    ? 'Using promtool'
    : 'promtool not found, and installing it failed: the tests of deploy/alerts.yml are skipped.',
);
