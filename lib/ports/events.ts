/** Stands for every event in a {@link Subscription}; no event can have this name. */
export const ANY_EVENT = '*';

/** A handler that is asked for when an event is published. */
export interface Subscription {
  /** Name of the event, or {@link ANY_EVENT}. */
  readonly event: string;
  readonly service: string;
  readonly handler: string;
}

/** An event that is to be published. */
export interface Publication {
  readonly name: string;
  /** What names it apart from others of its name; `undefined`: nothing does. */
  readonly id: string | undefined;
  /**
   * Validates the event, and resolves to what each of its handlers is given; `encode` is called at once.
   * @throws InvalidEventError, MissingPackageError, and what `encode` throws
   */
  prepare(id: string, encode: (args: readonly unknown[]) => string): Promise<string>;
}

/** What has become of an event. */
export interface Published {
  /** The event's own. */
  readonly id: string;
  /** Those that it was accepted with, in the order of service and handler; none: nobody has subscribed. */
  readonly invocations: readonly string[];
}

/** Reads what is to be published. */
export interface Events {
  /** @throws UnknownEventError, DuplicateNameError, InvalidOptionError */
  publication(args: readonly unknown[], where: string): Publication;
}
