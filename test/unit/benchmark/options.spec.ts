import { NAMES } from '../../../benchmark/catalogue.js';
import { parseOptions, USAGE } from '../../../benchmark/options.js';

describe('the arguments of the benchmark', () => {
  test('without any, everything is measured', () => {
    expect(parseOptions([])).toEqual({
      workloads: NAMES,
      transports: ['embedded', 'postgres', 'redis', 'redis-2'],
      rounds: 5,
      size: 1,
      json: undefined,
      svg: undefined,
    });
  });

  test('what it is told to measure and to write', () => {
    const args = ['--workload', 'growth', '--workload', 'w3', '--transport', 'redis', '--size', '0.1'];
    expect(parseOptions([...args, '--svg', 'plots'])).toMatchObject({
      workloads: ['w3', 'growth'],
      transports: ['redis'],
      size: 0.1,
      svg: 'plots',
    });
  });

  test.each([
    ['w10', 'embedded', 'postgres or redis'],
    ['scale-out', 'postgres', 'redis-2'],
    ['growth', 'embedded', 'postgres or redis or redis-2'],
  ])('%s is not left out silently on %s', (workload, transport, places) => {
    expect(() => parseOptions(['--workload', workload, '--transport', transport])).toThrow(
      `--workload ${workload} is measured on --transport ${places} only.`,
    );
  });

  test('the help names every workload', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
    expect(USAGE).toContain('w1, w2, w3, w4, load, idle, w5, w6, w7, w8, w9, w10, scale-out, growth');
  });
});
