/** Where a component says what people should know. Nest's `LoggerService` is one. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
