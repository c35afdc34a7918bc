import styles from './tick.module.css';

/** An animated check mark. */
export function Tick() {
  return (
    <svg className={styles.tick} viewBox="0 0 64 64" aria-hidden="true">
      <circle cx="32" cy="32" r="30" />
      <path d="m19 33 9 9 18-19" />
    </svg>
  );
}
