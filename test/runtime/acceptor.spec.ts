import { JsonCodec } from '../../lib/codec/index.js';
import type { LocalWorker } from '../../lib/ports/local-worker.js';
import { NO_WORKER } from '../../lib/ports/local-worker.js';
import type { Store } from '../../lib/ports/store.js';
import type { Transport } from '../../lib/ports/transport.js';
import { Acceptor, type Asked } from '../../lib/runtime/acceptor.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import type { Writer } from '../../lib/runtime/writer.js';

const ASKED: Asked = {
  ...{ id: 'i', service: 'S', handler: 'h', input: '[]', delayMs: 0, at: null, deadline: null },
  ...{ parent: null, object: null, exclusive: false },
};
const ENTRY = { kind: 'call' } as never;

describe('an acceptor', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(() => process.on('unhandledRejection', note));

  afterAll(() => process.off('unhandledRejection', note));

  it.each(['born leased', 'due'])(
    'that is refused leaves no rejection behind of the entry that goes with it (%s)',
    async how => {
      const refused = Promise.reject<never>(new Error('refused'));
      const writer = { accept: () => ({ result: refused, entry: Promise.reject(new Error('entry')) }) };
      const worker: LocalWorker = { ...NO_WORKER, reserve: () => how === 'born leased' };
      const acceptor = new Acceptor({
        origin: 'test',
        store: {} as Store,
        writer: writer as unknown as Writer,
        transport: {} as Transport,
        codec: new JsonCodec(),
        clock: systemClock,
        local: { worker },
      });
      await expect(acceptor.accept(ASKED, { entry: ENTRY })).rejects.toThrow('refused');
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    },
  );
});
