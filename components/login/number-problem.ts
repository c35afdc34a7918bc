/** Why a login could not be started, shown at the number step. */
export interface NumberProblem {
  /** Whether the typed number is at fault, rather than the network, a limit or the vendor. */
  isAboutNumber: boolean;
  /** A sentence in the visitor's language. */
  error: string;
}
