/** Milliseconds that a transaction may idle while it has rows locked that everybody needs who writes for them. */
export const LOCKED_IDLE_MS = 5_000;

/**
 * Has the server end the session if its transaction idles: the process may be stopped, or the network gone, and whoever
 * takes its work over waits for its locks, or passes over them for ever.
 */
export const LIMIT_IDLE = `set_config('idle_in_transaction_session_timeout', '${LOCKED_IDLE_MS}', true)`;
