import { Handler, ObjectState, Shared, VirtualObject } from 'nestjs-durable';

/** A text per key, that is read, written, exchanged and appended to, with commas. */
@VirtualObject()
export class Registers {
  constructor(private readonly state: ObjectState<{ text: string }>) {}

  @Shared()
  async read(): Promise<string> {
    return this.state.get('text') ?? '';
  }

  @Handler()
  async write(value: string): Promise<string> {
    await this.state.set('text', value);
    return value;
  }

  /** Whether it had `from`, and has `to` now. */
  @Handler()
  async cas(from: string, to: string): Promise<boolean> {
    if ((this.state.get('text') ?? '') !== from) return false;
    await this.state.set('text', to);
    return true;
  }

  /** Resolves to the whole text. */
  @Handler()
  async append(value: string): Promise<string> {
    return this.state.update('text', (text = '') => `${text},${value}`);
  }
}
