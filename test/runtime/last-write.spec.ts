import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import { type LastWriteFacts, writeLast } from '../../lib/runtime/last-write.js';
import type { LeaseWriter } from '../../lib/runtime/lease-writer.js';
import type { Store } from '../../lib/ports/store.js';
import { RecordingLogger } from '../support/recording-logger.js';

describe('the last write of an attempt', () => {
  it('is not made in another way when a process that ends has given it up: its heir will write it', async () => {
    const asked: string[] = [];
    const transition: LeaseWriter['transition'] = ({ status }) => {
      asked.push(status);
      return Promise.reject(new Error('the store is away'));
    };
    const errors = new RecordErrorCodec(new ErrorRegistry(), new JsonCodec());
    const logger = new RecordingLogger();
    const env = { errors, logger, store: { isTransient: () => true } as unknown as Store };
    const claimed = { lease: { invocationId: 'i', epoch: 1 }, wakes: 0, parent: null };
    const facts = { claimed, known: {}, hasToUndo: false } as unknown as LastWriteFacts;
    const ending = { status: 'completed', output: '1' } as const;
    const writes = { transition } as unknown as LeaseWriter;
    expect(await writeLast(ending, facts, writes, env)).toBeUndefined();
    expect(asked).toEqual(['completed']);
  });
});
