type AnyFunction = (...args: never[]) => unknown;

/** What an event of a class is made of: its properties, without its methods. */
export type EventData<E> = { [K in keyof E as E[K] extends AnyFunction ? never : K]: E[K] };
