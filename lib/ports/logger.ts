/** Where adapters say what happens to them. Nest's `LoggerService` fits. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
