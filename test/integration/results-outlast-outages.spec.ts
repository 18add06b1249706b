import { DurableService, Handler, InvocationNotFoundError, ResultTimeoutError } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { TcpProxy } from '../support/tcp-proxy.js';

@DurableService()
class Greeter {
  @Handler()
  async greet(name: string): Promise<string> {
    return `hello ${name}`;
  }
}

/** What a caller is told of an invocation is what became of it, and not that its own connection broke. */
describe('result() of an invocation that another process accepted, while PostgreSQL is away', () => {
  let applications: Applications;
  let proxy: TcpProxy;
  let caller: Running;
  let id: string;

  beforeAll(async () => {
    applications = await Applications.open();
    const worker = await applications.start({ providers: [Greeter] });
    const handle = await worker.client.send(Greeter).greet('you');
    await handle.result();
    id = handle.id;

    const server = new URL(applications.database.url);
    proxy = await TcpProxy.to(Number(server.port));
    server.port = String(proxy.port);
    server.hostname = '127.0.0.1';
    caller = await applications.start({
      schema: worker.schema,
      durable: { postgres: { url: server.href, poolSize: 2 }, worker: false },
      providers: [Greeter],
    });
  });

  beforeEach(() => {
    proxy.mode = 'reset';
  });

  afterEach(() => {
    proxy.mode = 'pass';
  });

  afterAll(async () => {
    await applications.close();
    await proxy.close();
  });

  /** Resolves once a query has failed of it. */
  async function outage(): Promise<void> {
    await expect(caller.client.get(id).status()).rejects.toThrow(/ECONN|terminated/);
  }

  it('is there once PostgreSQL is back', async () => {
    const result = caller.client.get(id).result();
    await outage();
    proxy.mode = 'pass';
    await expect(result).resolves.toBe('hello you');
  });

  it('is waited for as long as the caller said, and no longer', async () => {
    await expect(caller.client.get(id).result({ timeout: 300 })).rejects.toEqual(
      new ResultTimeoutError(id, 300),
    );
    const stop = new AbortController();
    const result = caller.client.get(id).result({ signal: stop.signal });
    stop.abort(new Error('the caller has gone'));
    await expect(result).rejects.toThrow('the caller has gone');
  });

  it('of one that does not exist, says so once PostgreSQL is back', async () => {
    const result = caller.client.get('00000000-0000-4000-8000-000000000000').result();
    await outage();
    proxy.mode = 'pass';
    await expect(result).rejects.toThrow(InvocationNotFoundError);
  });
});
