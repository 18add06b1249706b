import { describeMinutes, minutesOf, parseMinutes } from '../../scripts/faults-minutes.mjs';

const IDS = ['S01', 'S07', 'S39'];

describe('npm run faults -- --minutes', () => {
  it.each([
    ['5', [5, 5, 5], '5 minutes a scenario'],
    ['2,S01=10,S39=20', [10, 2, 20], '2 minutes a scenario, S01 10, S39 20'],
    [' s07 = 0.5 , 3', [3, 0.5, 3], '3 minutes a scenario, S07 0.5'],
    ['S07=4', [1, 4, 1], '1 minutes a scenario, S07 4'],
  ])('%s gives each scenario its time', (text, times, told) => {
    const minutes = parseMinutes(text, IDS);
    expect(IDS.map(id => minutesOf(minutes, id))).toEqual(times);
    expect(describeMinutes(minutes)).toBe(told);
  });

  it.each([
    ['', "--minutes : '' must be a number above 0"],
    ['0', "--minutes 0: '0' must be a number above 0"],
    ['-1', "--minutes -1: '-1' must be a number above 0"],
    ['ten', "--minutes ten: 'ten' must be a number above 0"],
    ['Infinity', "--minutes Infinity: 'Infinity' must be a number above 0"],
    ['2,', '--minutes 2,: has two numbers that are for all scenarios'],
    ['2,3', '--minutes 2,3: has two numbers that are for all scenarios'],
    ['S01=', "--minutes S01=: '' must be a number above 0"],
    ['2,S02=5', "--minutes 2,S02=5: 'S02' is no scenario that runs: S01, S07, S39"],
    ['S01=1,s01=2', '--minutes S01=1,s01=2: has S01 twice'],
    ['S01=1=2', "--minutes S01=1=2: 'S01=1=2' is neither a number nor one like S01=10"],
  ])('%s is refused, and says why', (text, message) => {
    expect(() => parseMinutes(text, IDS)).toThrow(new Error(message));
  });
});
